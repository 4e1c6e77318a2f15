/** @file One pass over a merged tree: schema, meaning, and the resolved config when all is well. */
import {
  diagnose,
  find,
  hasErrors,
  headWhere,
  nodeAt,
  toPlain,
  valueWhere,
  type ConfigNode,
  type Diagnostic,
  type Entry,
  type MapNode,
} from '../config';
import type { DataDefinition, DataShape } from '../data/define';
import type { Dims } from '../layers/define';
import { buildLayers } from '../models/layers';
import { stepsOf } from '../models/types';
import { defaultTask, ModelError } from '../models/types';
import type { ModelConfig, RunConfig, TaskConfig } from '../models/config';
import { expandLayers, taskSchema, trainSchema } from '../models/config';
import type { Language } from './language';
import { layerFacts, readStack, type LayerFacts, type Stack, type WrittenLayer } from './model/layers';
import { explainIssues } from './checks/messages';
import type { Parsed } from './schema/compose';
import { checkPattern } from './checks/pattern';
import { patternLayers } from './model/pattern';
import { checkMeaning } from './checks/semantics';

/** What is known of a config, complete or not. */
export interface Analysis {
  readonly root: ConfigNode;
  readonly diagnostics: readonly Diagnostic[];
  /** Present when there is no error. */
  readonly config?: RunConfig;
  readonly data?: {
    readonly definition: DataDefinition;
    readonly options: unknown;
    readonly shape?: DataShape;
  };
  readonly task?: TaskConfig;
  readonly dims?: Dims;
  readonly stack: Stack;
  readonly facts: ReadonlyMap<WrittenLayer, LayerFacts>;
}

/** @param trains false where what training takes in memory is no matter */
export function analyse(tree: ConfigNode, language: Language, trains = true): Analysis {
  const diagnostics: Diagnostic[] = [];
  const root = withoutEmptySections(tree, language, diagnostics);
  const plain = toPlain(root) as Record<string, unknown>;
  const parsed = language.schema.safeParse(withLayers(plain, root, language));
  if (!parsed.success) {
    // The layers of a pattern are written, and so explained, under `symbols`.
    const issues = parsed.error.issues.filter(({ path: [section, key] }) => {
      return section !== 'model' || key !== 'layers' || !isPattern(root);
    });
    diagnostics.push(...explainIssues(issues, root, language));
  }

  const data = readData(plain['data'], language);
  const task = readTask(plain['task'], data?.shape);
  const stack = readStack(root, language.registry);
  const dims = readDims(plain['model'], stack.total, data?.shape && stepsOf(data.shape));
  const facts = new Map<WrittenLayer, LayerFacts>();
  if (dims) {
    for (const layer of stack.layers) {
      const known = layerFacts(layer, dims);
      if (known) facts.set(layer, known);
    }
  }
  const train = trainSchema.safeParse(plain['train'] ?? {}).data;
  const analysis: Analysis = {
    root,
    diagnostics,
    stack,
    facts,
    ...(data ? { data } : {}),
    ...(task ? { task } : {}),
    ...(dims ? { dims } : {}),
  };
  diagnostics.push(
    ...checkMeaning(analysis, plain, train, trains),
    ...checkPattern(analysis, language.registry),
  );
  if (!parsed.success || hasErrors(diagnostics) || !task || !data?.shape) return analysis;
  const config = complete(parsed.data as unknown as Parsed, task, data.shape, plain);
  const problem = stackProblem(config.model, stepsOf(data.shape));
  if (!problem) return { ...analysis, config };
  const at = find(root, problem.path);
  const where = at.exact ? valueWhere(at) : headWhere(at);
  diagnostics.push(diagnose(where, 'error', 'invalid-combination', problem.message));
  return analysis;
}

/** What is wrong with the layers as a stack: where they share, stand side by side or have low-rank updates. */
function stackProblem(model: ModelConfig, length: number): ModelError | undefined {
  const plain = expandLayers(model.layers).every(({ place }) => Object.keys(place).length === 0);
  if (plain && !model.lora) return undefined;
  try {
    buildLayers(model, undefined, length);
    return undefined;
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
}

/** Whether a pattern stands for the layers. */
const isPattern = (root: ConfigNode): boolean =>
  nodeAt(root, ['model', 'pattern']) !== undefined && nodeAt(root, ['model', 'layers']) === undefined;

/** The plain config with the layers that its pattern stands for. */
function withLayers(
  plain: Record<string, unknown>,
  root: ConfigNode,
  { registry }: Language,
): Record<string, unknown> {
  if (!isPattern(root)) return plain;
  const layers = patternLayers(root, registry.mixers);
  return layers ? { ...plain, model: { ...(plain['model'] as object), layers } } : plain;
}

/** An empty `train:` means its defaults; said softly, since more will be typed there. */
function withoutEmptySections(root: ConfigNode, language: Language, diagnostics: Diagnostic[]): ConfigNode {
  if (root.kind !== 'map') return root;
  const entries = new Map<string, Entry>();
  for (const [key, entry] of root.entries) {
    const field = language.type.fields.get(key);
    const isEmpty = entry.node.kind === 'scalar' && entry.node.value === null;
    const optional = field && !field.required && key !== 'extends';
    if (isEmpty && optional && (field.type.kind === 'map' || field.type.kind === 'variants')) {
      const message = `\`${key}\` is empty: its defaults are taken.`;
      diagnostics.push(diagnose(entry.keyWhere, 'information', 'empty-value', message));
    } else entries.set(key, entry);
  }
  return { ...root, entries } satisfies MapNode;
}

function readData(written: unknown, { registry }: Language): Analysis['data'] {
  if (written === null || typeof written !== 'object') return undefined;
  const { type, ...rest } = written as Record<string, unknown>;
  const definition =
    typeof type === 'string' && Object.hasOwn(registry.datasets, type) ? registry.datasets[type] : undefined;
  const parsed = definition?.options.safeParse(rest);
  if (!definition || !parsed?.success) return undefined;
  const options = parsed.data;
  try {
    return { definition, options, shape: definition.shape(options) };
  } catch {
    // Options that `check` complains about may have no shape.
    return { definition, options };
  }
}

function readTask(written: unknown, shape: DataShape | undefined): TaskConfig | undefined {
  if (written === undefined || written === null) return shape && defaultTask(shape);
  return taskSchema.safeParse(written).data;
}

function readDims(written: unknown, count: number, length: number | undefined): Dims | undefined {
  const model = (written ?? {}) as { d_model?: unknown; norm_eps?: unknown };
  const { d_model, norm_eps } = model;
  if (typeof d_model !== 'number' || !Number.isInteger(d_model) || d_model <= 0 || count === 0)
    return undefined;
  return {
    d_model,
    n_layer: count,
    residuals_per_layer: 1,
    norm_eps: typeof norm_eps === 'number' ? norm_eps : 1e-5,
    ...(length === undefined ? {} : { length }),
  };
}

/** Keys that the resolved config does not need any more. */
interface Patterned {
  readonly pattern?: unknown;
  readonly symbols?: unknown;
}

/** Every key explicit, in the order of the schema. */
function complete(
  parsed: Parsed,
  task: TaskConfig,
  shape: DataShape,
  plain: Record<string, unknown>,
): RunConfig {
  const { data, train, eval: evaluation, seed, device } = parsed;
  const { pattern: _pattern, symbols: _symbols, ...model } = parsed.model as Parsed['model'] & Patterned;
  const written = (plain['model'] ?? {}) as { tie_embeddings?: boolean };
  // A head over classes or vectors has no embedding to share; the default says so in the resolved config.
  const canTie = (task.type === 'language-model' || task.type === 'answer') && shape.input.kind === 'tokens';
  const tie_embeddings = written.tie_embeddings ?? (canTie && model.tie_embeddings);
  const optimizer = { ...train.optimizer };
  const asked = (plain['train'] as { optimizer?: { weight_decay?: number } } | undefined)?.optimizer;
  // L2 of the size that suits AdamW would drown the gradient.
  if (optimizer.name !== 'adamw' && asked?.weight_decay === undefined) optimizer.weight_decay = 0;
  return {
    // A pattern has become layers.
    ...{ data, task, model: { ...model, tie_embeddings } },
    ...{ train: { ...train, optimizer }, eval: evaluation, seed, device },
  };
}
