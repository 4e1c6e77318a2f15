/** @file The logits of one sequence, computed in parallel over its positions. */
import { compile } from '../graph';
import type { Model } from '../models';
import { onlyInputs } from './engine/feeds';
import { openSession } from './ort';

/**
 * @returns one row per position, or one row for a class per sequence
 * @throws RangeError for ids outside the vocabulary
 */
export async function logitsOf(
  model: Model,
  parameters: ReadonlyMap<string, Float32Array>,
  ids: readonly number[],
  threads: number,
): Promise<Float32Array[]> {
  const { input } = model.data;
  if (input.kind !== 'tokens') throw new RangeError('This model takes vectors, not ids.');
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= input.vocab_size);
  if (ids.length === 0) throw new RangeError('Give at least one id.');
  if (wrong !== undefined)
    throw new RangeError(`There is no id ${wrong}; ids are 0 … ${input.vocab_size - 1}.`);
  const compiled = compile(model.logits(1, ids.length), { target: 'cpu' });
  const session = await openSession(compiled, { device: 'cpu', threads });
  try {
    const feeds = { ...onlyInputs(compiled, Object.fromEntries(parameters)), inputs: Int32Array.from(ids) };
    const logits = (await session.run(feeds))['logits'] as Float32Array;
    return Array.from({ length: logits.length / model.rows }, (_, row) =>
      logits.slice(row * model.rows, (row + 1) * model.rows),
    );
  } finally {
    await session.release();
  }
}
