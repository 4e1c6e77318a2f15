/** @file A time-invariant layer as filters: kernel, response, modes, energy, and what it started from. */
import { hankelSingularValues, statesForShare } from '../../analysis/gramians';
import {
  energy,
  energyFraction,
  finiteResponse,
  frequencyResponse,
  poleHalfLife,
  polePeriod,
  type Poles,
} from '../../analysis/lti';
import { filtersOf, type Filters } from '../filters';
import { array, every, join, type Analysis, type Probe, type Trace } from '../spec';
import { runTrace } from '../trace';

const POINTS = 257;
/** Probes that hold the filters. */
const NEEDED = new Set(['kernel', 'delta', 'A', 'A_bar', 'B_bar', 'C', 'D']);

function arraysOf(found: Filters, probes: Trace['probes'], suffix: '' | '_initial'): Record<string, Probe> {
  const { axis, count, width, length, poles } = found;
  const outputs = every(count);
  const channels = [axis];
  const words = suffix === '' ? '' : ' before training';
  const out: Record<string, Probe> = {
    [`kernel${suffix}`]: array(
      [found.ahead ? 2 : 1, count, length],
      ['kernel', axis, 'lag'],
      join([
        ...outputs.map((k) => found.kernel(k)),
        ...(found.ahead ? outputs.map((k) => found.behind(k)!) : []),
      ]),
      `Kernel K${words}.`,
      { sign: 'signed', labels: { kernel: found.ahead ? ['causal', 'ahead'] : ['causal'] } },
    ),
  };
  const delta = probes['delta'];
  if (delta?.axes.join() === axis)
    out[`step_size${suffix}`] = array(
      [count],
      channels,
      outputs.map((k) => delta.data[k % width]!),
      `Step size Δ${words}.`,
    );
  const modal = [axis, 'state'];
  const A = probes['A'];
  if (A?.axes.at(-1) === 'complex') {
    const size = A.data.length / width;
    out[`eig_continuous${suffix}`] = array(
      [count, size / 2, 2],
      [...modal, 'complex'],
      join(outputs.map((k) => A.data.subarray((k % width) * size, ((k % width) + 1) * size))),
      poles
        ? `Eigenvalues of the continuous system${words}; conjugates are implied.`
        : `Poles Λ of the normal part${words}, not of the system: a low-rank part is subtracted from them.`,
      { sign: 'signed' },
    );
  }
  const each: Poles[] = poles ? outputs.map((k) => poles(k)) : [];
  if (poles) {
    const states = each[0]!.a.length / 2;
    out[`eig_discrete${suffix}`] = array(
      [count, states, 2],
      [...modal, 'complex'],
      join(each.map(({ a }) => a)),
      `Eigenvalues of the discrete system${words}.`,
      { sign: 'signed' },
    );
    out[`residues${suffix}`] = array(
      [count, states, 2],
      [...modal, 'complex'],
      join(each.map(({ r }) => r)),
      `C b of every mode${words}; K is twice the real part of Σ C b aᵗ.`,
      { sign: 'signed' },
    );
  }
  if (suffix !== '') return out;
  if (poles) {
    const states = each[0]!.a.length / 2;
    out['half_life'] = array([count, states], modal, join(each.map(poleHalfLife)), 'ln 2 / −ln |a|.', {
      unit: 'tokens',
    });
    out['period'] = array(
      [count, states],
      modal,
      join(each.map(polePeriod)),
      '2π / |arg a|; ∞ for a mode that does not turn.',
      { unit: 'tokens' },
    );
  }
  // A mode that grows has no infinite kernel.
  const whole = poles !== undefined && each.every(decaying);
  const span = whole ? 'the infinite kernel' : `the ${length} taps that are there`;
  const omega = Float64Array.from({ length: POINTS }, (_, k) => (Math.PI * k) / (POINTS - 1));
  out['frequency_response'] = array(
    [count, POINTS, 2],
    [axis, 'frequency', 'complex'],
    join(
      outputs.map((k) =>
        whole ? frequencyResponse(each[k]!, omega) : finiteResponse(found.kernel(k), omega),
      ),
    ),
    `Transfer function of ${span} at equally spaced ω in 0 … π, without D.`,
    { sign: 'signed' },
  );
  const energies = outputs.map((k) => (whole ? energy(each[k]!) : squares(found.kernel(k))));
  out['h2_norm'] = array(
    [count],
    channels,
    energies.map((total) => Math.sqrt(Math.max(0, total))),
    `Root of the sum of K² over ${span}.`,
  );
  out['energy_fraction'] = array(
    [count, length],
    [axis, 'lag'],
    join(outputs.map((k) => energyFraction(found.kernel(k), energies[k]!))),
    `Share of the energy of ${span} up to each lag.`,
  );
  return out;
}

const decaying = ({ a }: Poles): boolean =>
  poleHalfLife({ a }).every((steps) => steps > 0 && steps < Infinity);

const squares = (taps: Float32Array): number => taps.reduce((sum, value) => sum + value * value, 0);

export const filterGroup: Analysis = {
  description:
    'Kernel in time and frequency, eigenvalues, half-lives and energy of a time-invariant layer, and its start.',
  parts: [
    'frequency_response',
    'half_life',
    'period',
    'eig_continuous',
    'eig_discrete',
    'residues',
    'step_size',
    'h2_norm',
    'energy_fraction',
    'kernel_initial',
    'eig_continuous_initial',
    'eig_discrete_initial',
    'residues_initial',
    'step_size_initial',
  ],
  applies: (trace) => filtersOf(trace) !== undefined,
  async compute(trace, wanted) {
    const out = arraysOf(filtersOf(trace)!, trace.probes, '');
    if (trace.initial && [...wanted].some((name) => name.endsWith('_initial'))) {
      const { trace: start } = await runTrace({
        ...trace,
        parameters: trace.initial,
        only: NEEDED,
        logits: false,
      });
      Object.assign(out, arraysOf(filtersOf(start)!, start.probes, '_initial'));
    }
    return out;
  },
};

export const gramianGroup: Analysis = {
  description: 'How many states of a diagonal layer matter from input to output: Hankel singular values.',
  parts: ['hankel_singular_values', 'states_for_99_percent'],
  applies: (trace) => {
    const found = filtersOf(trace);
    return found?.poles !== undefined && every(found.count).every((k) => decaying(found.poles!(k)));
  },
  compute(trace) {
    const { poles, count, axis } = filtersOf(trace)!;
    const values = every(count).map((k) => {
      const { a, r } = poles!(k);
      const ones = Float64Array.from(a, (_, i) => (i % 2 === 0 ? 1 : 0));
      return hankelSingularValues({ A: a, B: r, C: ones }, 'discrete');
    });
    const order = values[0]!.length;
    return {
      hankel_singular_values: array(
        [count, order],
        [axis, 'direction'],
        join(values),
        'Descending; below 1e-8 of the largest they are numerically zero.',
      ),
      states_for_99_percent: array(
        [count],
        [axis],
        values.map((own) => statesForShare(own, 0.99)),
        'Fewest balanced states that hold 99 % of their sum.',
      ),
    };
  },
};
