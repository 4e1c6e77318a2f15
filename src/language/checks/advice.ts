/** @file Warnings for what runs but is probably wrong. Each says what was compared, so that it can be judged. */
import * as os from 'node:os';
import type { Diagnostic, Path, Severity } from '../../config';
import type { TrainConfig } from '../../models/config';
import type { Analysis } from '../analyse';
import type { Code } from '../codes';
import type { LayerFacts, WrittenLayer } from '../model/layers';
import { memoryEstimate, surelyFits, trainsOn } from '../model/memory';
import { isPointwise, reachOf } from '../model/reach';
import { quantity, written } from '../words';
import { memoryOf } from '../../util/device-memory';

type Say = (path: Path, severity: Severity, code: Code, message: string, suggestion?: string) => Diagnostic;

/** @param trains whether the config is read to train it, so that the memory of that is a matter */
export function advise(
  analysis: Analysis,
  train: TrainConfig | undefined,
  trains: boolean,
  say: Say,
): Diagnostic[] {
  const { stack, facts } = analysis;
  const layers = stack.layers.flatMap((layer): [WrittenLayer, LayerFacts][] => {
    const known = facts.get(layer);
    return known ? [[layer, known]] : [];
  });
  if (layers.length === 0) return [];
  return [
    ...layers.flatMap(([layer, known]) => stepSizes(layer, known, analysis, say)),
    ...contextUnused(layers, analysis, say),
    ...smallState(layers, analysis, say),
    ...(train ? learningRate(layers, train, say) : []),
    ...(train && trains ? memory(analysis, train, say) : []),
  ];
}

/** Sequences this many times longer than the slowest state's memory are said aloud. */
const farBeyond = 10;

/** The range of step sizes against the length of the data: forgetting all too soon, or never. */
function stepSizes(layer: WrittenLayer, facts: LayerFacts, { data }: Analysis, say: Say): Diagnostic[] {
  const reach = reachOf(facts);
  const length = data?.shape?.length;
  if (!reach || length === undefined) return [];
  if (length > farBeyond * reach.longest) {
    const wanted = written(Number((1 / length).toPrecision(1)));
    const message =
      `The slowest state forgets within about ${Math.round(reach.longest)} tokens (1/dt_min), but sequences have ` +
      `${length}: take a \`dt_min\` near 1/length, ${wanted}.`;
    return [say([...layer.path, 'dt_min'], 'warning', 'step-size-range', message, wanted)];
  }
  if (reach.shortest > farBeyond * length) {
    const message =
      `Even the fastest state remembers about ${Math.round(reach.shortest)} tokens, but sequences have ${length}: ` +
      'nothing is forgotten within one; take a larger `dt_max`.';
    return [say([...layer.path, 'dt_max'], 'warning', 'step-size-range', message)];
  }
  return [];
}

/** Positions that no layer connects. */
function contextUnused(
  layers: readonly [WrittenLayer, LayerFacts][],
  { data, stack }: Analysis,
  say: Say,
): Diagnostic[] {
  const shape = data?.shape;
  if (!shape || shape.length < 2 || layers.length < stack.layers.length) return [];
  if (!layers.every(([, facts]) => isPointwise(facts)) || shape.target.kind === 'class') return [];
  const message =
    `No layer mixes positions, so of ${shape.length} tokens each answer sees one: ` +
    'add a mixer such as `mamba`.';
  return [say(['model', 'layers'], 'warning', 'context-unused', message)];
}

/** Names that data sets of associative recall use for the number of stored pairs. */
const pairKeys = ['num_kv_pairs', 'kv_pairs', 'num_pairs', 'pairs'];

/** A state that holds fewer numbers per channel than there are pairs to recall. */
function smallState(
  layers: readonly [WrittenLayer, LayerFacts][],
  { data }: Analysis,
  say: Say,
): Diagnostic[] {
  const options = (data?.options ?? {}) as Readonly<Record<string, unknown>>;
  const values = pairKeys.flatMap((key) => [options[key]].flat()).filter((one) => typeof one === 'number');
  const pairs = Math.max(0, ...values);
  if (pairs === 0) return [];
  const sizes = layers.map(([, { resolved }]) => (resolved as { d_state?: unknown } | null)?.d_state);
  // A single attention layer recalls any number.
  if (layers.some(([, facts], i) => sizes[i] === undefined && !isPointwise(facts))) return [];
  return layers.flatMap(([layer], index) => {
    const size = sizes[index];
    if (typeof size !== 'number' || size >= pairs) return [];
    const message =
      `A state of ${size} per channel is smaller than the ${pairs} pairs to recall (Arora et al., 2024); ` +
      `take \`d_state\` of at least ${pairs}.`;
    return [say([...layer.path, 'd_state'], 'warning', 'small-state', message, String(pairs))];
  });
}

/** The S4 line of papers trains the parameters of the state space with 1e-3 and less, whole Mambas up to 3e-3. */
const largestRate = 0.02;
const smallestRate = 1e-6;

function learningRate(
  layers: readonly [WrittenLayer, LayerFacts][],
  { optimizer: { lr } }: TrainConfig,
  say: Say,
): Diagnostic[] {
  const path = ['train', 'optimizer', 'lr'];
  // Above 0.1 it is said for every model.
  if (lr > largestRate && lr <= 0.1 && layers.some(([, facts]) => reachOf(facts))) {
    const message =
      `A learning rate of ${written(lr)} is far above what state space parameters are trained with: ` +
      '1e-3 or less in S4, up to 3e-3 in Mamba.';
    return [say(path, 'warning', 'unusual-value', message, '1e-3')];
  }
  if (lr < smallestRate) {
    const message = `A learning rate of ${written(lr)} hardly changes anything; 1e-4 to 1e-2 is usual for AdamW.`;
    return [say(path, 'warning', 'unusual-value', message)];
  }
  return [];
}

/** Options that decide how long a sequence is, as data sets call them. */
const lengthKeys = ['length', 'context', 'document_length', 'size'];

/** The option of the data that decides how long a sequence is; the data where none is called so. */
function lengthPath({ data }: Analysis): Path {
  const key = lengthKeys.find((name) => Object.hasOwn((data?.options ?? {}) as object, name));
  return key === undefined ? ['data'] : ['data', key];
}

/** Systems swap, and the estimate may be a fifth too high: more than so many times the memory cannot be meant. */
const hopeless = 1.5;

function memory(analysis: Analysis, train: TrainConfig, say: Say): Diagnostic[] {
  const own = trainsOn(analysis) === 'webgpu';
  const known = own ? memoryOf('gpu') : os.totalmem();
  // Few GPUs have more memory than the machine that they are in, but some do.
  const available = known ?? os.totalmem();
  if (surelyFits(analysis, available)) return [];
  const estimate = memoryEstimate(analysis);
  if (!estimate || estimate.total <= available) return [];
  const severity = estimate.total > hopeless * available && !own ? 'error' : 'warning';
  const share = estimate.activations / train.batch_size;
  const fits = Math.floor((available - (estimate.total - estimate.activations)) / share);
  const start =
    `Training takes about ${quantity(estimate.total)}B${own ? ' of GPU memory' : ''}, ` +
    `${own && known !== undefined ? 'the GPU' : 'this machine'} has ${quantity(available)}B`;
  const checkpointing =
    train.activation_checkpointing === 'none' ? ', or `activation_checkpointing: blocks`' : '';
  if (fits < 1 && share <= estimate.total - estimate.activations) {
    const message = `${start}: the parameters and one sequence alone do not fit.`;
    return [say(['model', 'd_model'], severity, 'memory', message)];
  }
  if (fits < 1) {
    const message =
      `${start}, and one sequence of ${analysis.data?.shape?.length} steps alone about ${quantity(share)}B: ` +
      `take shorter ones${checkpointing}.`;
    return [say(lengthPath(analysis), severity, 'memory', message)];
  }
  const size = 2 ** Math.floor(Math.log2(fits));
  const message = `${start}: take \`batch_size: ${size}\` and \`accumulate\` for the rest${checkpointing}.`;
  return [say(['train', 'batch_size'], severity, 'memory', message, String(size))];
}
