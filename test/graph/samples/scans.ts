/** @file Samples of the two scans, in all their forms. */
import * as g from '../../../src/graph';
import { float, within, type Sample, type SampleInput } from './sample';

interface ScanShape {
  readonly L: number;
  readonly B: number;
  readonly E: number;
  readonly N: number;
}

const tokens = ({ L, B, N }: ScanShape, groups?: number): SampleInput =>
  groups === undefined ? float(L, B, N) : float(L, B, groups, N);

/** u, delta, A, then B and C as given, then the options. */
function scan(
  name: string,
  shape: ScanShape,
  options: {
    readonly B?: SampleInput;
    readonly C?: SampleInput;
    readonly D?: boolean;
    readonly initial?: boolean;
    readonly output?: 'y' | 'last' | 'both';
    readonly states?: boolean;
  } = {},
): Sample {
  const { L, B, E, N } = shape;
  const { output = 'y' } = options;
  return {
    name: `selectiveScan, ${name}`,
    inputs: [
      float(L, B, E),
      within(0.01, 0.5, L, B, E),
      within(-3, -0.1, E, N),
      options.B ?? tokens(shape),
      options.C ?? tokens(shape),
      ...(options.D ? [float(E)] : []),
      ...(options.initial ? [float(B, E, N)] : []),
    ],
    build(u, delta, A, b, c, ...rest) {
      const D = options.D ? rest.shift() : undefined;
      const found = g.selectiveScan({
        u: u!,
        delta: delta!,
        A: A!,
        B: b!,
        C: c!,
        ...(D && { D }),
        ...(rest[0] && { initialState: rest[0] }),
        keepStates: options.states ?? false,
      });
      if (options.states) return [found.y, found.states!];
      return output === 'both' ? [found.y, found.lastState] : output === 'y' ? found.y : found.lastState;
    },
    tolerance: 5e-6,
    ...(options.states && { seeds: 1 }),
  };
}

const small = { L: 7, B: 2, E: 4, N: 3 };

function ssd(
  name: string,
  [B, L, H, P, G, N]: readonly [number, number, number, number, number, number],
  options: { readonly initial?: boolean; readonly output?: 'Y' | 'final' | 'both' } = {},
): Sample {
  const { output = 'Y' } = options;
  return {
    name: `ssd, ${name}`,
    inputs: [
      float(B, L, H, P),
      within(-1.5, -0.01, B, L, H),
      float(B, L, G, N),
      float(B, L, G, N),
      ...(options.initial ? [float(B, H, P, N)] : []),
    ],
    build(X, A, b, c, initialState) {
      const found = g.ssd({
        X: X!,
        A: A!,
        B: b!,
        C: c!,
        chunkSize: 4,
        ...(initialState && { initialState }),
      });
      return output === 'both' ? [found.Y, found.finalState] : output === 'Y' ? found.Y : found.finalState;
    },
    // Differences of long sums in the decay's gradient.
    tolerance: 2e-5,
  };
}

/** A state that turns, with `rows` of X, A, B and C to a token. */
function turningSsd(
  name: string,
  [B, T, rows, H, P, N]: readonly [number, number, number, number, number, number],
  options: {
    readonly K: number;
    readonly pairs?: g.Pairs;
    readonly initial?: boolean;
    readonly output?: 'Y' | 'final' | 'both';
  },
): Sample {
  const { K, pairs = 'neighbours', output = 'Y' } = options;
  const L = T * rows;
  return {
    name: `turningSsd, ${name}`,
    inputs: [
      float(B, L, H, P),
      within(-1.5, -0.01, B, L, H),
      float(B, L, H, N),
      float(B, L, H, N),
      within(-4, 4, B, T, H, K),
      ...(options.initial ? [float(B, H, P, N)] : []),
    ],
    build(X, A, b, c, turn, initialState) {
      const found = g.turningSsd({
        X: X!,
        A: A!,
        B: b!,
        C: c!,
        turn: turn!,
        pairs,
        chunkSize: 4,
        ...(initialState && { initialState }),
      });
      return output === 'both' ? [found.Y, found.finalState] : output === 'Y' ? found.Y : found.finalState;
    },
    tolerance: 2e-5,
  };
}

export const scanSamples: readonly Sample[] = [
  scan('plain', small),
  scan('with skip', small, { D: true }),
  scan('one step', { ...small, L: 1 }, { D: true }),
  scan('a length that no chunk divides', { ...small, L: 23 }, { D: true }),
  scan('initial and last state', small, { D: true, initial: true, output: 'both' }),
  scan('last state only', small, { D: true, initial: true, output: 'last' }),
  scan('kept states', small, { states: true }),
  scan('grouped maps', small, { B: tokens(small, 2), C: tokens(small, 2), initial: true, output: 'both' }),
  scan('one map grouped', small, { B: tokens(small, 2), D: true }),
  scan('a single group', small, { B: tokens(small, 1), C: tokens(small, 1) }),
  scan('fixed maps', small, { B: float(4, 3), C: float(4, 3), D: true }),
  scan('fixed B', small, { B: float(4, 3), initial: true, output: 'both' }),
  scan('fixed C, grouped B', small, { B: tokens(small, 2), C: float(4, 3) }),
  ssd('plain', [2, 7, 4, 3, 1, 5]),
  ssd('one step', [2, 1, 2, 3, 1, 5]),
  ssd('groups', [2, 6, 4, 3, 2, 5]),
  ssd('initial and final state', [2, 9, 4, 3, 2, 5], { initial: true, output: 'both' }),
  ssd('final state only', [1, 5, 2, 3, 1, 4], { initial: true, output: 'final' }),
  ssd('many chunks', [2, 30, 4, 2, 2, 3], { initial: true, output: 'both' }),
  ssd('very many chunks', [1, 270, 1, 2, 1, 2], { output: 'both' }),
  turningSsd('neighbours', [2, 11, 1, 2, 3, 5], { K: 2 }),
  turningSsd('one chunk', [2, 3, 1, 2, 3, 4], { K: 1, initial: true, output: 'both' }),
  turningSsd('halves, three rows to a token', [1, 5, 3, 2, 2, 6], { K: 2, pairs: 'halves' }),
  turningSsd('initial and final state', [2, 9, 1, 2, 3, 4], { K: 2, initial: true, output: 'both' }),
  turningSsd('final state only', [1, 3, 2, 2, 3, 4], { K: 2, pairs: 'halves', output: 'final' }),
];

const long = { L: 80, B: 2, E: 64, N: 16 };
/** Bytes of the long scan's states; it keeps two such arrays, one, or only some states. */
const LONG_BYTES = 4 * 80 * 2 * 64 * 16;

/** In all ways to save memory on the CPU; too large for central differences. */
export const longScans: readonly (Sample & { readonly keptBytes: number })[] = [
  { ...scan('everything kept', long, { D: true }), keptBytes: 2 * LONG_BYTES },
  { ...scan('decays recomputed', long, { D: true }), keptBytes: LONG_BYTES },
  { ...scan('recomputed in even chunks', long, { D: true }), keptBytes: 0 },
  {
    ...scan(
      'recomputed in chunks that do not divide',
      { ...long, L: 131 },
      { D: true, initial: true, output: 'both' },
    ),
    keptBytes: 0,
  },
].map((sample) => ({ ...sample, tolerance: 2e-5 }));

/** On a GPU, with only the states that enter the chunks kept. */
export const frugalScan: Sample = {
  ...scan('states computed again', { ...small, L: 23 }, { D: true, initial: true, output: 'both' }),
  tolerance: 5e-6,
};
