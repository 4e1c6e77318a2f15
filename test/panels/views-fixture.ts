/** @file What the views besides the sequence get: a survey, filters and probes of training, computed from the fixtures. */
import { hiddenAttention } from '../../src/analysis/hidden-attention';
import { discreteModes, kernel, type Modes } from '../../src/analysis/lti';
import { decayRate, halfLife } from '../../src/analysis/memory';
import { contributions, scanOf } from '../../src/figures/scan/memory/reach';
import { Recurrence } from '../../src/figures/scan/recurrence';
import type { Frame, Inspection, LayerSurvey, Probe, Survey } from '../../src/protocol/view-scan';
import { uniform } from './curves-fixture';
import { inspection } from './scan-fixture';

const array = (
  shape: number[],
  axes: string[],
  data: ArrayLike<number>,
  sign: Probe['sign'] = 'positive',
  labels?: Record<string, (string | number)[]>,
): Probe => ({
  shape,
  axes,
  data: Float32Array.from(data),
  unit: '',
  sign,
  description: 'An array of the survey.',
  ...(labels ? { labels } : {}),
});

/** A scan layer of the survey, from its probes. */
export function scanSurvey(found: Inspection): LayerSurvey {
  const scan = new Recurrence(found);
  const own = scanOf(scan)!;
  const { length } = scan;
  const mean = new Float64Array(length * length);
  for (let c = 0; c < own.channels; c++)
    hiddenAttention(own, c).forEach((value, i) => (mean[i]! += Math.abs(value) / own.channels));
  const contribution = new Float64Array(length * length);
  for (let t = 0; t < length; t++) contribution.set(contributions(scan, t), t * length);
  const axis = scan.heads < scan.channels ? 'head' : 'channel';
  const strongest = [...new Set(scan.strongest.map((c) => scan.headOf(c)))].slice(0, 4);
  const square = ['query', 'key'];
  return {
    layer: found.layer,
    mixer: found.mixer,
    kind: 'scan',
    causal: true,
    count: own.channels,
    axis,
    probes: {
      hidden_attention_mean: array([length, length], square, mean),
      contribution: array([length, length], square, contribution),
      hidden_attention_strongest: array(
        [strongest.length, length, length],
        [axis, ...square],
        strongest.flatMap((c) => [...hiddenAttention(own, c)]),
        'signed',
        { [axis]: strongest },
      ),
      half_life: array([own.channels, own.states], [axis, 'state'], halfLife(decayRate(own))),
    },
  };
}

/** Hidden attention of one channel or head of a scan layer. */
export function matrixProbe(found: Inspection, index: number): Probe {
  const scan = new Recurrence(found);
  const { length } = scan;
  const axis = scan.heads < scan.channels ? 'head' : 'channel';
  return array([1, length, length], [axis, 'query', 'key'], hiddenAttention(scanOf(scan)!, index), 'signed', {
    [axis]: [index],
  });
}

/** An attention layer that copies what followed the trigger. */
export function attentionSurvey(layer: number, length: number): LayerSurvey {
  const heads = 4;
  const random = uniform(5);
  const weights = Array.from({ length: heads }, (_, h) => {
    const matrix = new Float64Array(length * length);
    for (let i = 0; i < length; i++) {
      const row = Array.from({ length: i + 1 }, (_key, j) =>
        Math.exp(2 * random() + (i === length - 1 && j === 12 ? 3 + h : 0)),
      );
      const total = row.reduce((sum, value) => sum + value, 0);
      row.forEach((value, j) => (matrix[i * length + j] = value / total));
    }
    return matrix;
  });
  const mean = weights[0]!.map((_, i) => weights.reduce((sum, matrix) => sum + matrix[i]! / heads, 0));
  const square = ['query', 'key'];
  return {
    layer,
    mixer: 'attention',
    kind: 'attention',
    causal: true,
    count: heads,
    axis: 'head',
    probes: {
      hidden_attention_mean: array([length, length], square, mean),
      contribution: array([length, length], square, mean),
      hidden_attention_strongest: array(
        [heads, length, length],
        ['head', ...square],
        weights.flatMap((m) => [...m]),
        'positive',
        {
          head: [0, 1, 2, 3],
        },
      ),
    },
  };
}

/** A bidirectional layer: both triangles. */
export function bidirectionalSurvey(layer: number, length: number): LayerSurvey {
  const matrix = Float64Array.from({ length: length * length }, (_, at) => {
    const [i, j] = [Math.floor(at / length), at % length];
    return Math.exp(-Math.abs(i - j) / 6) * (i < j ? -0.7 : 1) * (i === j ? 2 : 1);
  });
  const square = ['query', 'key'];
  return {
    layer,
    mixer: 'hydra',
    kind: 'quasiseparable',
    causal: false,
    count: 2,
    axis: 'head',
    probes: {
      hidden_attention_mean: array([length, length], square, matrix.map(Math.abs)),
      contribution: array([length, length], square, matrix.map(Math.abs)),
      hidden_attention_strongest: array([1, length, length], ['head', ...square], matrix, 'signed', {
        head: [0],
      }),
      half_life: array([2, 2], ['head', 'direction'], [6, 14, 40, 3]),
    },
  };
}

export function survey(
  options: Parameters<typeof inspection>[0] = {},
  more: readonly LayerSurvey[] = [],
): Survey {
  const first = inspection(options);
  const length = first.tokens.length;
  const { layers, step, example, examples, vocabulary, tokens, target } = first;
  return {
    layers,
    step,
    example,
    examples,
    vocabulary,
    tokens,
    target,
    surveys: [
      scanSurvey(first),
      scanSurvey(inspection({ ...options, layer: 1 })),
      attentionSurvey(2, length),
      ...more,
    ],
  } as Survey;
}

/** A diagonal time-invariant layer, its state at the start and after training on delays. */
export function filters(channels = 4, count = 16, length = 256): Record<string, Probe> {
  const random = uniform(9);
  const modes = (trained: boolean, c: number): Modes => ({
    dt: trained ? 0.0021 + 0.0003 * c : 0.0016,
    A: Array.from({ length: count }, (_, n) => [
      trained ? -0.5 - 0.3 * random() : -0.5,
      Math.PI * n * (trained ? 1.1 : 1),
    ]).flat(),
    C: Array.from({ length: count }, (_, n) => {
      const turn = trained ? -Math.PI * n * 1.1 * (0.0021 + 0.0003 * c) * (40 + 48 * c) : 6 * random();
      const size = trained ? 2 : 0.6 * random();
      return [size * Math.cos(turn), size * Math.sin(turn)];
    }).flat(),
  });
  const arrays = (trained: boolean, suffix: string): Record<string, Probe> => {
    const each = Array.from({ length: channels }, (_, c) => modes(trained, c));
    const poles = each.map((own) => discreteModes(own));
    const modal = ['channel', 'state', 'complex'];
    const shape = [channels, count, 2];
    return {
      [`kernel${suffix}`]: array(
        [1, channels, length],
        ['kernel', 'channel', 'lag'],
        poles.flatMap((p) => [...kernel(p, length)]),
        'signed',
        {
          kernel: ['causal'],
        },
      ),
      [`step_size${suffix}`]: array(
        [channels],
        ['channel'],
        each.map(({ dt }) => dt),
      ),
      [`eig_continuous${suffix}`]: array(
        shape,
        modal,
        each.flatMap(({ A }) => [...(A as number[])]),
        'signed',
      ),
      [`eig_discrete${suffix}`]: array(
        shape,
        modal,
        poles.flatMap(({ a }) => [...(a as Float64Array)]),
        'signed',
      ),
      [`residues${suffix}`]: array(
        shape,
        modal,
        poles.flatMap(({ r }) => [...(r as Float64Array)]),
        'signed',
      ),
    };
  };
  return { ...arrays(true, ''), ...arrays(false, '_initial') };
}

/** The layer that these filters belong to. */
export function filterLayer(channels = 4, length = 256): Inspection {
  const { layers: _layers, ...base } = inspection({ length: 32 });
  return {
    ...base,
    mixer: 's4d',
    layers: [
      { index: 0, mixer: 's4d' },
      { index: 1, mixer: 'mamba' },
    ],
    probes: { kernel: filters(channels, 16, length)['kernel']! },
  };
}

/** Probes of a run in which the writing token appears at step 350. */
export function frames(): { frames: Frame[]; tokens: string[]; losses: [number, number][] } {
  const final = scanSurvey(inspection());
  const size = 32;
  const mean = final.probes['hidden_attention_mean']!.data;
  const list = Array.from({ length: 19 }, (_, k) => {
    const step = k * 50;
    const grown = 1 / (1 + Math.exp(-(step - 360) / 30));
    const data = mean.map(
      (value, at) =>
        value * grown * (at % size === 13 ? 1 : 0.4 + 0.6 * grown) +
        0.02 * (1 - grown) * (at % size <= Math.floor(at / size) ? 1 : 0),
    );
    const frame: Frame = {
      step,
      loss: 2.7 * (1 - grown) + 0.003,
      probability: 0.02 + 0.97 * grown,
      surveys: [
        {
          layer: 0,
          mixer: 'mamba',
          kind: 'scan',
          causal: true,
          count: 64,
          axis: 'channel',
          probes: {
            hidden_attention_mean: array([size, size], ['query', 'key'], data),
            delta_mean: array(
              [size],
              ['time'],
              Array.from(
                { length: size },
                (_t, t) => 0.01 + (t === 13 ? 0.27 * grown : 0.005 * grown * (t % 5)),
              ),
            ),
          },
        },
      ],
    };
    return frame;
  });
  const losses = Array.from({ length: 300 }, (_, k): [number, number] => [
    k * 3,
    2.7 / (1 + Math.exp((k * 3 - 400) / 40)) + 0.003,
  ]);
  return { frames: list, tokens: inspection().tokens.map(({ label }) => label), losses };
}
