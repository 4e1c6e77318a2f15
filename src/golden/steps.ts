/** @file Running a decoding graph over time: its `state.*` outputs are its next `state.*` inputs. */
import type { Tensor } from '../graph';
import type { Feeds, Machine, Results } from './machine';

/**
 * @param program has outputs `state.*` for every input `state.*`, which start at zero
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
  const names = Object.keys(program).filter((name) => name.startsWith('state.'));
  let states: Feeds = {};
  for (const name of names) {
    const { shape } = program[name]!;
    states[name] = { shape, values: new Float64Array(shape.reduce((size, extent) => size * extent, 1)) };
  }
  const prepared = await machine.prepare(program);
  try {
    for (let t = 0; t < length; t++) {
      const outputs = await prepared.run({ ...fixed, ...states, ...each.feed(t) });
      each.take(t, outputs);
      states = Object.fromEntries(names.map((name) => [name, outputs[name]!]));
    }
  } finally {
    await prepared.release();
  }
}
