/** @file What every hybrid of others must do: compute the same, decode the same, come back bit for bit. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringifyPythonJson } from '../../../src/formats/python-json';
import { encodeSafetensors, float32Of, parseSafetensors } from '../../../src/formats/safetensors';
import * as g from '../../../src/graph';
import { fromConfig } from '../../../src/models';
import { modelFiles, openModelFolder, type OpenedModel } from '../../../src/runtime/checkpoint';
import { logitsOf } from '../../../src/runtime/logits';
import type { File, Rows } from './reference';

export function writeCheckpoint(folder: string, config: object, file: File): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(file));
  writeFileSync(join(folder, 'config.json'), stringifyPythonJson(config));
}

/** Opens a checkpoint whose caches hold no more than these tests read: float64 loops go over all places. */
export const openShort = (folder: string): Promise<OpenedModel> =>
  openModelFolder(folder, (spec) => ({ ...spec, cacheLength: 24 }));

/** Errors relative to the largest logit: of the runtime over the sequence, and of the decoding step in float64. */
export async function errorsOf(
  opened: OpenedModel,
  expected: (ids: readonly number[]) => Rows,
  ids: readonly number[],
): Promise<{ readonly parallel: number; readonly decoding: number }> {
  const rows = expected(ids);
  const most = Math.max(...rows.flat().map(Math.abs));
  const worst = (found: readonly ArrayLike<number>[]): number =>
    Math.max(...rows.flatMap((row, t) => row.map((value, i) => Math.abs(found[t]![i]! - value)))) / most;
  return {
    parallel: worst(await logitsOf(opened.model, opened.parameters, [...ids], 1)),
    decoding: worst(ids.map(reader(opened))),
  };
}

const largest = (row: ArrayLike<number>): number => Array.from(row).indexOf(Math.max(...Array.from(row)));

/** A model read token by token in float64. */
function reader({ model, parameters }: Pick<OpenedModel, 'model' | 'parameters'>): (id: number) => number[] {
  const program = model.decodeStep(1);
  const names = Object.keys(program);
  let states: Record<string, Float64Array> = Object.fromEntries(
    Object.entries(model.states(1)).map(([name, shape]) => [name, new Float64Array(g.size(shape))]),
  );
  return (id) => {
    const feeds = { ...Object.fromEntries(parameters), ...states, ids: Int32Array.of(id) };
    const results = g.interpret(Object.values(program), feeds);
    states = Object.fromEntries(
      Object.keys(states).map((name) => [name, results[names.indexOf(`next.${name}`)]!]),
    );
    return Array.from(results[names.indexOf('logits')]!);
  };
}

/** The most likely continuation by the decoding step, and by the reference over the whole sequence. */
export function continuations(
  opened: OpenedModel,
  expected: (ids: readonly number[]) => Rows,
  start: readonly number[],
  count: number,
): { readonly ours: number[]; readonly theirs: number[] } {
  const read = reader(opened);
  let logits = start.map(read).at(-1)!;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < count; i++) {
    ours.push(largest(logits));
    logits = read(ours.at(-1)!);
    theirs.push(largest(expected([...start, ...theirs]).at(-1)!));
  }
  return { ours, theirs };
}

/** Saves what was opened; the file must hold the tensors of `before`, bit for bit, and open as the same model. */
export async function checkRoundTrip(opened: OpenedModel, before: File, folder: string): Promise<void> {
  const files = modelFiles(opened.model, opened.parameters);
  mkdirSync(folder, { recursive: true });
  for (const { name, parts } of files) writeFileSync(join(folder, name), Buffer.concat(parts));
  const tensors = parseSafetensors(
    Buffer.concat(files.find(({ name }) => name === 'model.safetensors')!.parts),
  ).tensors;
  assert.deepEqual([...tensors.keys()].sort(), [...before.keys()].sort());
  for (const [name, tensor] of tensors) {
    assert.deepEqual([...tensor.shape], [...before.get(name)!.shape], name);
    assert.deepEqual(float32Of(tensor), before.get(name)!.data, name);
  }
  const again = await openModelFolder(folder);
  assert.deepEqual([...again.parameters], [...opened.parameters]);
  // What others read of config.json says the same model too.
  const config = JSON.parse(
    Buffer.concat(files.find(({ name }) => name === 'config.json')!.parts)
      .toString()
      .replaceAll('Infinity', '"Infinity"'),
  ) as Record<string, unknown>;
  assert.deepEqual(fromConfig(config).model, opened.model.config);
}
