/** @file Ours and peers in turns, in one run: times on shared machines mean little, their ratio means more. */
import { setTimeout as sleep } from 'node:timers/promises';

/** One repetition. */
export interface Sample {
  /** Wall clock. */
  readonly ms: number;
  /** Processor time of all threads, which a busy machine disturbs less. */
  readonly cpu_ms?: number;
}

/** Something that can be measured one repetition at a time. */
export interface Contestant {
  readonly name: string;
  run(): Promise<Sample>;
  close(): Promise<void>;
}

/** What the machine itself allows, measured in the same run. */
export interface Bound {
  /** Measured in turns with the contestants. */
  readonly probes: readonly Contestant[];
  /** From the probes' least times to the least time of ours, and how it comes about. */
  ms(least: readonly number[]): { readonly ms: number; readonly how: string };
  /** The share of the bound that the project wants to reach. */
  readonly reach: number;
}

export interface BenchCase {
  readonly name: string;
  /** What is measured, in one sentence. */
  readonly about: string;
  /** The ratio that the project wants to reach, where there is a peer. */
  readonly reach?: number;
  /** Names of the peers that the goal is stated against, the fastest of which counts; all unless given. */
  readonly against?: readonly string[];
  readonly repetitions?: number;
  /** What the numbers are where they are no milliseconds. */
  readonly unit?: 'MB';
  ours(): Promise<Contestant>;
  /** The peers that this machine has. */
  peers?(): Promise<Contestant[]>;
  bound?(): Promise<Bound>;
}

interface Times {
  readonly median_ms: number;
  readonly min_ms: number;
  /** 95 % of the repetitions took less; where there are at least twenty. */
  readonly p95_ms?: number;
  /** Median of the processor time. */
  readonly cpu_ms?: number;
}

interface Peer extends Times {
  readonly name: string;
}

export interface BenchResult {
  readonly name: string;
  readonly ours: Times;
  readonly peer: Peer | null;
  /** peer / ours, by medians. */
  readonly ratio: number | null;
  /** Smallest and largest ratio of two neighbouring repetitions. */
  readonly spread: readonly [number, number] | null;
  /** peer / ours, by medians of the processor time. */
  readonly cpu_ratio?: number;
  /** Every peer with its ratios, the one that counts included. */
  readonly peers?: readonly (Peer & { readonly ratio: number; readonly cpu_ratio?: number })[];
  readonly bound?: { readonly ms: number; readonly share: number; readonly how: string };
  readonly unit?: 'MB';
  readonly note: string;
}

const WARM_UP = 3;
const REPETITIONS = 9;

const round = (value: number): number => Number(value.toPrecision(4));
const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]): number => sorted(values)[values.length >> 1]!;

function times(samples: readonly Sample[]): Times {
  const wall = samples.map(({ ms }) => ms);
  const cpu = samples.flatMap(({ cpu_ms }) => cpu_ms ?? []);
  return {
    median_ms: round(median(wall)),
    min_ms: round(Math.min(...wall)),
    ...(wall.length >= 20 && { p95_ms: round(sorted(wall)[Math.ceil(0.95 * wall.length) - 1]!) }),
    ...(cpu.length > 0 && { cpu_ms: round(median(cpu)) }),
  };
}

/** Between two contestants: threads of the one before may wait for work on their cores for some hundredths of a second. */
const REST_MS = 100;

/** What is shorter is run twice, and the second counts: as in a loop, its threads and their cores are awake. */
const SHORT_MS = 500;

async function repetition(contestant: Contestant): Promise<Sample> {
  await sleep(REST_MS);
  const first = await contestant.run();
  return first.ms < SHORT_MS ? contestant.run() : first;
}

/** Everyone once per round, after a warm-up; samples by contestant. */
async function takeTurns(all: readonly Contestant[], rounds: number): Promise<Sample[][]> {
  const samples = all.map((): Sample[] => []);
  for (let turn = -WARM_UP; turn < rounds; turn++) {
    for (const [index, contestant] of all.entries()) {
      const sample = await repetition(contestant);
      if (turn >= 0) samples[index]!.push(sample);
    }
  }
  return samples;
}

const cpuRatio = (peer: Times, mine: Times): { cpu_ratio?: number } =>
  peer.cpu_ms !== undefined && mine.cpu_ms !== undefined && mine.cpu_ms > 0
    ? { cpu_ratio: round(peer.cpu_ms / mine.cpu_ms) }
    : {};

/** Runs one case. */
export async function runCase(bench: BenchCase): Promise<BenchResult> {
  const ours = await bench.ours();
  const peers = (await bench.peers?.()) ?? [];
  const bound = await bench.bound?.();
  const all = [ours, ...peers, ...(bound?.probes ?? [])];
  let samples: Sample[][];
  try {
    samples = await takeTurns(all, bench.repetitions ?? REPETITIONS);
  } finally {
    await Promise.all(all.map((contestant) => contestant.close()));
  }
  const mine = times(samples[0]!);
  const rivals = peers.map((peer, i) => ({ name: peer.name, samples: samples[i + 1]! }));
  const listed = rivals.map((rival) => {
    const found = times(rival.samples);
    return {
      name: rival.name,
      ...found,
      ratio: round(found.median_ms / mine.median_ms),
      ...cpuRatio(found, mine),
    };
  });
  const counting = listed.filter(({ name }) => bench.against?.includes(name) ?? true);
  const best = sorted(counting.map(({ median_ms }) => median_ms))[0];
  const rival = counting.find(({ median_ms }) => median_ms === best);
  const least = samples.slice(1 + peers.length).map((list) => Math.min(...list.map(({ ms }) => ms)));
  const limit = bound?.ms(least);
  const notes = [bench.about];
  if (!rival) notes.push(bench.peers ? 'no peer on this machine' : 'no peer');
  if (bench.reach !== undefined) notes.push(`to reach: ${bench.reach}`);
  if (bound) notes.push(`share of the bound to reach: ${bound.reach}`);
  const { ratio = null, cpu_ratio, ...peer } = rival ?? {};
  const turns = rivals
    .find(({ name }) => name === rival?.name)
    ?.samples.map(({ ms }, i) => ms / samples[0]![i]!.ms);
  return {
    name: bench.name,
    ours: mine,
    peer: rival ? (peer as Peer) : null,
    ratio,
    spread: turns ? [round(Math.min(...turns)), round(Math.max(...turns))] : null,
    ...(cpu_ratio !== undefined && { cpu_ratio }),
    ...(listed.length > 0 && { peers: listed }),
    ...(limit && { bound: { ms: round(limit.ms), share: round(limit.ms / mine.min_ms), how: limit.how } }),
    ...(bench.unit && { unit: bench.unit }),
    note: notes.join('; '),
  };
}

/** The time that `fn` takes on the wall and on the processors. */
export async function timed(fn: () => unknown): Promise<Sample> {
  const before = process.cpuUsage();
  const start = performance.now();
  await fn();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { ms, cpu_ms: (user + system) / 1000 };
}
