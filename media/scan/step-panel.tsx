/** @file The recurrence of one step with its numbers; every number can be selected and copied. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { fixed, number3, visible } from '../../src/figures/core/format';
import { drawLeft } from '../../src/figures/scan/left';
import { sub } from '../../src/figures/scan/sequence';
import type { Recurrence } from '../../src/figures/scan/recurrence';
import { stepNumbers, stepSentence, type StepNumbers } from '../../src/figures/scan/step';
import { SceneCanvas } from '../shared/canvas';
import { IconButton, LinkButton } from '../shared/controls';
import { reducedMotion } from '../shared/motion';
import type { ScanModel } from './model';

function Controls({ model }: { model: ScanModel }): JSX.Element {
  return (
    <span class="controls">
      <IconButton
        icon="step-back"
        label={model.playback.stride > 0 ? 'Previous token (←)' : 'Previous step, the token behind (→)'}
        onClick={() => model.cursor.moveTo(model.position - model.playback.stride)}
      />
      {!reducedMotion() && (
        <IconButton
          icon={model.playback.playing ? 'pause' : 'play'}
          label={
            model.playback.playing ? 'Pause (Space)' : `Play, ${model.state.speed} tokens a second (Space)`
          }
          testid="play"
          onClick={() => model.playback.play()}
        />
      )}
      <IconButton
        icon="step-over"
        label={model.playback.stride > 0 ? 'Next token (→)' : 'Next step, the token before (←)'}
        onClick={() => model.cursor.moveTo(model.position + model.playback.stride)}
      />
    </span>
  );
}

/** The recurrence of this kind of layer; upright, with real subscripts. */
function Equation({ scan }: { scan: Recurrence }): JSX.Element {
  return (
    <p class="equation">
      h<sub>t</sub> = exp(ΔA) {scan.scalarDecay ? '·' : '⊙'} h<sub>{scan.stride > 0 ? 't−1' : 't+1'}</sub> + Δ
      B<sub>t</sub> x<sub>t</sub>
    </p>
  );
}

function Key({ name, value }: { name: string; value: number }): JSX.Element {
  return (
    <div>
      <dt class="secondary">{name}</dt>
      <dd>{number3(value)}</dd>
    </div>
  );
}

/** A share that is kept, between 0 and 1. */
const share = (value: number): string => (value < 0.001 ? '<0.001' : fixed(value, 3));

/** As many decimals as leave about three digits of the largest value. */
function decimalsFor(numbers: StepNumbers): number {
  const largest = Math.max(
    ...numbers.rows.flatMap((row) => [
      Math.abs(row.carried),
      Math.abs(row.written),
      Math.abs(row.h),
      Math.abs(row.read),
    ]),
    1e-9,
  );
  return Math.max(0, Math.min(5, 3 - Math.floor(Math.log10(largest)) - (largest >= 10 ? 0 : 1)));
}

function StateTable({
  numbers,
  t,
  before,
}: {
  numbers: StepNumbers;
  t: number;
  before: number;
}): JSX.Element {
  const decimals = decimalsFor(numbers);
  const largest = Math.max(...numbers.rows.map((row) => Math.abs(row.read)), 1e-30);
  return (
    <table class="states">
      <thead>
        <tr>
          <th scope="col">n</th>
          <th scope="col">exp(ΔA)</th>
          <th scope="col">{`× h${sub(before)}`}</th>
          <th scope="col">+ ΔBx</th>
          <th scope="col">{`= h${sub(t)}`}</th>
          <th scope="col" colSpan={2}>{`C · h${sub(t)}`}</th>
        </tr>
      </thead>
      <tbody>
        {numbers.rows.map((row) => (
          <tr key={row.n} data-n={row.n}>
            <th scope="row">{row.place}</th>
            <td title={String(row.kept)}>{share(row.kept)}</td>
            <td title={String(row.carried)}>{fixed(row.carried, decimals)}</td>
            <td title={String(row.written)}>{fixed(row.written, decimals)}</td>
            <td class="strong" title={String(row.h)}>
              {fixed(row.h, decimals)}
            </td>
            <td title={String(row.read)}>{fixed(row.read, decimals)}</td>
            <td class="bar-cell">
              <ReadBar part={row.read / largest} />
            </td>
          </tr>
        ))}
        {numbers.rest && (
          <tr>
            <th scope="row" colSpan={5}>{`${numbers.rest.count} more`}</th>
            <td title={String(numbers.rest.read)}>{fixed(numbers.rest.read, decimals)}</td>
            <td />
          </tr>
        )}
      </tbody>
    </table>
  );
}

function ReadBar({ part }: { part: number }): JSX.Element {
  const width = Math.min(22, Math.abs(part) * 22);
  return (
    <svg width="46" height="8" viewBox="0 0 46 8" aria-hidden="true">
      <rect
        class={part < 0 ? 'negative' : 'positive'}
        x={part < 0 ? 23 - width : 23}
        y="1"
        width={Math.max(0.5, width)}
        height="6"
      />
      <path class="zero" d="M23 0V8" />
    </svg>
  );
}

function Sums({
  numbers,
  channel,
  scan,
}: {
  numbers: StepNumbers;
  channel: number;
  scan: Recurrence;
}): JSX.Element {
  const line = (name: string, value: number, strong = false): JSX.Element => (
    <div class={strong ? 'strong' : ''} title={String(value)}>
      <dt>{name}</dt>
      <dd>{number3(value)}</dd>
    </div>
  );
  const { parts } = numbers;
  return (
    <dl class="sums">
      {parts ? (
        <>
          {line('Σₙ C·h, for the next step', numbers.sum)}
          {line('y: from the left →', parts.left)}
          {line('+ from the right ←', parts.right)}
          {line('+ itself, diagonal · x', parts.own)}
        </>
      ) : (
        <>
          {line('Σₙ C·h', numbers.sum)}
          {line('+ D·x', numbers.skip)}
        </>
      )}
      {line('= y', numbers.y, true)}
      {scan.hasGate && line('× gate silu(z)', numbers.gate)}
      {scan.hasGate &&
        line(
          scan.heads < scan.channels
            ? `= channel ${channel}, before the norm`
            : `= output of channel ${channel}`,
          numbers.output,
          true,
        )}
    </dl>
  );
}

export function StepPanel({
  model,
  scan,
  width,
  narrow,
}: {
  model: ScanModel;
  scan: Recurrence;
  width: number;
  narrow: boolean;
}): JSX.Element {
  const { position: t, channel } = model;
  const [all, setAll] = useState(false);
  const numbers = useMemo(() => stepNumbers(scan, t, channel), [scan, t, channel]);
  const left = useMemo(
    () => drawLeft(scan, t, channel, width, model.theme),
    [scan, t, channel, width, model.theme],
  );
  const sentence = stepSentence(scan, t, channel);
  const token = visible(scan.inspection.tokens[t]?.label ?? '');
  const full = !narrow || all;
  const before = scan.before(t) ?? t;
  return (
    <section class="step" aria-label="Step in numbers">
      <div class="step-head">
        <h2>
          {`Step ${scan.stepAt(t)} of ${scan.length - 1} `}
          <span class="secondary">{`${scan.other ? (scan.stride > 0 ? '→ ' : '← ') : ''}${narrow ? `“${token}” · channel ${channel}` : `reads “${token}”`}${scan.stride < 0 ? ` at ${t}` : ''}`}</span>
        </h2>
        <Controls model={model} />
      </div>
      <Equation scan={scan} />
      <dl class="keys">
        <Key name="Δ" value={numbers.delta} />
        <Key name="x" value={numbers.x} />
        {narrow ? (
          <>
            <Key name={`‖h${sub(before)}‖`} value={numbers.normBefore} />
            <Key name={`‖h${sub(t)}‖`} value={numbers.normAfter} />
          </>
        ) : (
          <Key name="Δ·x" value={numbers.delta * numbers.x} />
        )}
      </dl>
      {narrow && (
        <LinkButton onClick={() => setAll(!all)}>
          {all ? 'Fewer values ‹' : `All ${scan.states} values of this step ›`}
        </LinkButton>
      )}
      {full && (
        <>
          <div class="states-scroll" tabIndex={0} role="region" aria-label="States of this step">
            <StateTable numbers={numbers} t={t} before={before} />
          </div>
          <Sums numbers={numbers} channel={channel} scan={scan} />
          {t !== scan.last && (
            <>
              <h3>
                {'What is left of this write '}
                <span class="secondary">
                  {scan.scalarDecay || scan.states === 1
                    ? 'all states alike'
                    : `n = 1 and n = ${scan.states}`}
                </span>
              </h3>
              <SceneCanvas scene={left} />
            </>
          )}
        </>
      )}
      {sentence && <p class="sentence secondary">{sentence}</p>}
    </section>
  );
}
