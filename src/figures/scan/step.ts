/** @file One step of the recurrence in numbers, and sentences that are made from numbers by rule. */
import { number3, percent, visible } from '../core/format';
import type { Parts, Recurrence } from './recurrence';

export interface StepRow {
  /** State index, counted from 1 with the slowest first, and its place in the data. */
  readonly place: number;
  readonly n: number;
  readonly kept: number;
  /** kept · hₜ₋₁ */
  readonly carried: number;
  /** Δ·B·x */
  readonly written: number;
  readonly h: number;
  /** C·h */
  readonly read: number;
}

export interface StepNumbers {
  readonly delta: number;
  readonly x: number;
  readonly rows: readonly StepRow[];
  /** Rows that are not listed, and the sum of their C·h. */
  readonly rest: { readonly count: number; readonly read: number } | undefined;
  readonly sum: number;
  readonly skip: number;
  readonly y: number;
  readonly gate: number;
  readonly output: number;
  readonly normBefore: number;
  readonly normAfter: number;
  /** What y is made of, in a bidirectional layer. */
  readonly parts: Parts | undefined;
}

/** Up to `limit` rows, the largest by |C·h| when there are more. */
export function stepNumbers(scan: Recurrence, t: number, channel: number, limit = 16): StepNumbers {
  const delta = scan.delta(t, channel);
  const x = scan.x(t, channel);
  const from = scan.before(t);
  const all = scan.statesByDecay(channel).map((n, index): StepRow => {
    const kept = scan.kept(t, channel, n);
    const h = scan.h(t, channel, n);
    const before = from === undefined ? 0 : scan.h(from, channel, n);
    return {
      place: index + 1,
      n,
      kept,
      carried: kept * before,
      written: delta * scan.B(t, channel, n) * x,
      h,
      read: scan.C(t, channel, n) * h,
    };
  });
  let rows: readonly StepRow[] = all;
  let rest: StepNumbers['rest'];
  if (all.length > limit) {
    const size = [...all].sort((a, b) => Math.abs(b.read) - Math.abs(a.read));
    const kept = new Set(size.slice(0, 12));
    rows = all.filter((row) => kept.has(row));
    rest = {
      count: all.length - rows.length,
      read: all.filter((row) => !kept.has(row)).reduce((sum, row) => sum + row.read, 0),
    };
  }
  const sum = scan.read(t, channel);
  const y = scan.y(t, channel);
  return {
    delta,
    x,
    rows,
    rest,
    sum,
    skip: y - sum,
    y,
    gate: scan.gate(t, channel),
    output: scan.output(t, channel),
    normBefore: from === undefined ? 0 : scan.norm(from, channel),
    normAfter: scan.norm(t, channel),
    parts: scan.parts(t, channel),
  };
}

const quoted = (scan: Recurrence, t: number): string =>
  `“${visible(scan.inspection.tokens[t]?.label ?? String(t))}”`;

/** What this step does, when one of the rules fits; otherwise nothing is said. */
export function stepSentence(scan: Recurrence, t: number, channel: number): string | undefined {
  const { median, high, max } = scan.deltaQuantiles(channel);
  const delta = scan.delta(t, channel);
  const slowest = scan.statesByDecay(channel)[0] ?? 0;
  if (delta >= high && delta > 4 * median) {
    const rank = delta === max ? 'the largest of the sequence' : 'among the largest of the sequence';
    const later = scan.later(t);
    const parts = [
      `At t = ${t} the step size is ${rank} (${number3(delta)}, median ${number3(median)}): this token is written.`,
    ];
    if (later.length > 0) {
      // What is read depends on the match and on what is still there.
      const weight = later.map(
        (u) => Math.abs(scan.match(t, u, channel)) * scan.left(t, u, channel, slowest),
      );
      const best = later[weight.indexOf(Math.max(...weight))]!;
      const left = scan.left(t, best, channel, slowest);
      const rest = left < 0.005 ? 'almost nothing' : percent(left, 0);
      parts.push(
        `It is read most at ${best}, where ${quoted(scan, best)} comes; ${rest} of the slowest state is left there.`,
      );
    }
    return parts.join(' ');
  }
  const kept = scan.kept(t, channel, slowest);
  const from = scan.before(t);
  const before = from === undefined ? 0 : scan.norm(from, channel);
  if (kept < 0.1 && before > 0)
    return `At t = ${t} the state is dropped: ${percent(kept, 1)} of its slowest part is kept.`;
  if (kept > 0.98 && before > 0 && scan.norm(t, channel) > 0.9 * before) {
    const writes = scan.writes(channel).filter((u) => scan.stepAt(u) < scan.stepAt(t));
    const last = scan.stride > 0 ? writes.at(-1) : writes[0];
    if (last === undefined) return undefined;
    return `At t = ${t} the state is kept: ${percent(scan.left(last, t, channel, slowest), 0)} of what ${quoted(scan, last)} wrote at ${last} is left in the slowest state.`;
  }
  return undefined;
}

/** For people who do not see the figure. */
export function scanSummary(scan: Recurrence, t: number, channel: number): string {
  const { median, max } = scan.deltaQuantiles(channel);
  const delta = scan.delta(t, channel);
  let low = Infinity;
  let high = 0;
  for (let k = 0; k < scan.length; k++) {
    low = Math.min(low, scan.norm(k, channel));
    high = Math.max(high, scan.norm(k, channel));
  }
  const { layer, tokens } = scan.inspection;
  const rank = delta === max ? ', largest of the sequence' : '';
  return (
    `Layer ${layer}, channel ${channel}, position ${t} of ${scan.length - 1}, token ${visible(tokens[t]?.label ?? '')}. ` +
    `${scan.other ? `Scan from ${scan.stride > 0 ? 'left to right' : 'right to left'}. ` : ''}Step size ${number3(delta)}${rank}, median ${number3(median)}. State norm from ${number3(low)} to ${number3(high)}.`
  );
}
