/** @file Training that starts from a checkpoint's weights. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Model } from '../../models';
import { RUN_FILE } from '../../protocol/run';
import { CheckpointStore, openModelFolder } from '../checkpoint';

/** Options that decide how parameters start, and not what is computed. */
const START = /^(dt_min|dt_max|dt_init.*|dt_scale|A_init_range|conv_init|chunk_size)$/;

/** Of a run its newest whole checkpoint; everything else is one itself. */
async function checkpointAt(path: string): Promise<string> {
  if (!existsSync(path)) throw new Error(`train.from: there is no checkpoint or run ${path}.`);
  if (!existsSync(join(path, RUN_FILE))) return path;
  const latest = await new CheckpointStore(path, 1).latest(() => {}, { tidy: false });
  if (latest === undefined) throw new Error(`train.from: the run in ${path} has no whole checkpoint.`);
  return latest.path;
}

/**
 * The weights of a checkpoint for a model of the same layers; its low-rank updates stay as they are.
 * @param path a checkpoint, or a run with checkpoints
 * @throws Error saying what differs
 */
export async function startingWeights(path: string, model: Model): Promise<Map<string, Float32Array>> {
  const { model: theirs, parameters } = await openModelFolder(await checkpointAt(path));
  const fail = (what: string): never => {
    throw new Error(
      `train.from: ${path} holds another model: ${what}. \`ssm-studio info\` writes the model section that fits.`,
    );
  };
  if (theirs.layers.length !== model.layers.length) {
    fail(`it has ${theirs.layers.length} layers, the config ${model.layers.length}`);
  }
  for (const [index, layer] of model.layers.entries()) {
    const other = theirs.layers[index]!;
    if (other.mixer !== layer.mixer) fail(`layer ${index} is ${other.mixer} there and ${layer.mixer} here`);
    const [a, b] = [other.resolved, layer.resolved] as Record<string, unknown>[];
    const key = Object.keys(b!).find(
      (name) => !START.test(name) && JSON.stringify(a![name]) !== JSON.stringify(b![name]),
    );
    if (key !== undefined)
      fail(
        `${key} of layer ${index} is ${JSON.stringify(a![key])} there and ${JSON.stringify(b![key])} here`,
      );
  }
  for (const key of ['norm', 'norm_eps', 'tie_embeddings'] as const) {
    if (theirs.config[key] !== model.config[key])
      fail(`model.${key} is ${theirs.config[key]} there and ${model.config[key]} here`);
  }
  const found = new Map<string, Float32Array>();
  for (const [name, { shape }] of model.parameters) {
    const values = parameters.get(name);
    if (values === undefined) {
      // An update, or the head of another task, starts as ever.
      if (/\.lora_[AB]$|^(classifier|regressor|pair)\./.test(name)) continue;
      return fail(`it has no ${name}`);
    }
    const there = theirs.parameters.get(name)!.shape;
    if (there.join() !== shape.join())
      fail(`${name} is [${there.join(', ')}] there and [${shape.join(', ')}] here`);
    found.set(name, values);
  }
  return found;
}
