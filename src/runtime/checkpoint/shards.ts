/** @file The index of a checkpoint in several files: which tensor lies in which. */
import * as z from 'zod';
import { excessOf } from '../../formats/json-size';

const MAX_SHARDS = 4096;
/** An item per tensor; the largest published models have some 100,000. */
const LIMITS = { depth: 8, items: 500_000 };

const schema = z.looseObject({ weight_map: z.record(z.string(), z.string().min(1).max(255)) });

/**
 * Names of files by tensor. They are plain names in the folder of the index; a link there may lead elsewhere, as it
 * does in the cache of Hugging Face, but only tensors are ever read.
 * @param text of model.safetensors.index.json
 * @throws Error saying what is wrong
 */
export function shardsOf(text: string): ReadonlyMap<string, string> {
  const excess = excessOf(text, LIMITS);
  if (excess) throw new Error(`${excess.problem} (character ${excess.at}).`);
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error('it has no weight_map from tensors to files.');
  const map = new Map(Object.entries(parsed.data.weight_map));
  const names = new Set(map.values());
  if (names.size > MAX_SHARDS) throw new Error(`it names ${names.size} files.`);
  for (const name of names) {
    if (!/^[\w][\w.-]*\.(safetensors|bin)$/.test(name))
      throw new Error(`it names ${JSON.stringify(name)}, which is no file of tensors in this folder.`);
  }
  return map;
}
