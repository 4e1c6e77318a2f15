/** @file Running a decoding graph over time: its outputs `next.state.*` are its next inputs `state.*`. */
import type { Tensor } from '../graph';
import type { Feeds, Machine, Results } from './machine';

/**
 * @param program has an output `next.state.*` for every input `state.*`; they start at zero
 * @param fixed feeds that stay, the parameters
 * @param each what is fed at time t, and who reads the results
 */
export async function runSteps(
  machine: Machine,
  program: Readonly<Record<string, Tensor>>,
  fixed: Feeds,
  length: number,
  each: { feed(t: number): Feeds; take(t: number, outputs: Results): void },
): Promise<void> {
  const names = Object.keys(program).filter((name) => name.startsWith('next.'));
  let states: Feeds = {};
  for (const name of names) {
    const { shape } = program[name]!;
    states[inputOf(name)] = {
      shape,
      values: new Float64Array(shape.reduce((size, extent) => size * extent, 1)),
    };
  }
  const prepared = await machine.prepare(program);
  try {
    for (let t = 0; t < length; t++) {
      const outputs = await prepared.run({ ...fixed, ...states, ...each.feed(t) });
      each.take(t, outputs);
      states = Object.fromEntries(names.map((name) => [inputOf(name), outputs[name]!]));
    }
  } finally {
    await prepared.release();
  }
}

const inputOf = (output: string): string => output.slice('next.'.length);
