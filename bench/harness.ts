/** @file Ours and a peer in turns, in one run: times on shared machines mean little, their ratio means more. */

/** Something that can be timed one repetition at a time. */
export interface Contestant {
  readonly name: string;
  /** Runs once; the milliseconds it took. */
  run(): Promise<number>;
  close(): Promise<void>;
}

export interface BenchCase {
  readonly name: string;
  /** What is timed, in one sentence. */
  readonly about: string;
  /** The ratio that the project wants to reach, where there is a peer. */
  readonly reach?: number;
  readonly repetitions?: number;
  ours(): Promise<Contestant>;
  /** The peers that this machine has; the fastest counts. */
  peers?(): Promise<Contestant[]>;
}

interface Times {
  readonly median_ms: number;
  readonly min_ms: number;
  /** 95 % of the repetitions took less; only where there are at least twenty. */
  readonly p95_ms?: number;
}

export interface BenchResult {
  readonly name: string;
  readonly ours: Times;
  readonly peer: ({ readonly name: string } & Times) | null;
  /** peer / ours, by medians. */
  readonly ratio: number | null;
  /** Smallest and largest ratio of two neighbouring repetitions. */
  readonly spread: readonly [number, number] | null;
  readonly note: string;
}

const WARM_UP = 3;
const REPETITIONS = 9;

const round = (value: number): number => Number(value.toPrecision(4));

function times(samples: readonly number[]): Times {
  const sorted = samples.toSorted((a, b) => a - b);
  const late = sorted[Math.ceil(0.95 * sorted.length) - 1]!;
  return {
    median_ms: round(sorted[sorted.length >> 1]!),
    min_ms: round(sorted[0]!),
    ...(sorted.length >= 20 ? { p95_ms: round(late) } : {}),
  };
}

/** Runs one case: warm-up, then `repetitions` rounds in which everyone runs once. */
export async function runCase(bench: BenchCase): Promise<BenchResult> {
  const ours = await bench.ours();
  const peers = (await bench.peers?.()) ?? [];
  const all = [ours, ...peers];
  const samples = all.map(() => [] as number[]);
  try {
    const rounds = bench.repetitions ?? REPETITIONS;
    for (let round = -WARM_UP; round < rounds; round++) {
      for (const [index, contestant] of all.entries()) {
        const ms = await contestant.run();
        if (round >= 0) samples[index]!.push(ms);
      }
    }
  } finally {
    await Promise.all(all.map((contestant) => contestant.close()));
  }
  const [mine, ...theirs] = samples.map(times);
  const best = theirs.reduce<number>(
    (b, t, index) => (b < 0 || t.median_ms < theirs[b]!.median_ms ? index : b),
    -1,
  );
  if (best < 0) {
    const why = bench.peers ? 'no peer on this machine' : 'no peer';
    return {
      name: bench.name,
      ours: mine!,
      peer: null,
      ratio: null,
      spread: null,
      note: `${bench.about} (${why})`,
    };
  }
  const ratios = samples[best + 1]!.map((peerMs, index) => peerMs / samples[0]![index]!);
  const others = theirs.map((t, index) => `${peers[index]!.name} ${t.median_ms} ms`).join(', ');
  return {
    name: bench.name,
    ours: mine!,
    peer: { name: peers[best]!.name, ...theirs[best]! },
    ratio: round(theirs[best]!.median_ms / mine!.median_ms),
    spread: [round(Math.min(...ratios)), round(Math.max(...ratios))],
    note: `${bench.about}; ${others}${bench.reach ? `; to reach: ${bench.reach}` : ''}`,
  };
}

/** Milliseconds that `fn` takes. */
export async function timed(fn: () => unknown): Promise<number> {
  const start = performance.now();
  await fn();
  return performance.now() - start;
}
