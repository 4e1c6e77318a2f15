/** @file Rules that no single field can know: between sections, between layers and the task, in sweeps. */
import {
  diagnose,
  find,
  insertKey,
  valueWhere,
  headWhere,
  type ConfigNode,
  type Diagnostic,
  type Path,
  type Severity,
} from '../../config';
import type { TrainConfig } from '../../models/config';
import { optimizerSchema, type OptimizerConfig } from '../../optimizer/config';
import { taskProblem } from '../../models/types';
import { advise } from './advice';
import type { Analysis } from '../analyse';
import type { Code } from '../codes';
import { maxLayers } from '../../models/config';
import { lookingAhead } from './looking-ahead';
import { written } from '../words';

interface OptionProblem {
  readonly path: Path;
  readonly others?: readonly string[];
  readonly message: string;
  readonly suggestion?: number | string | boolean;
  readonly severity?: 'error' | 'warning';
}

/** @param trains false where what training takes in memory is no matter */
export function checkMeaning(
  analysis: Analysis,
  plain: Record<string, unknown>,
  train: TrainConfig | undefined,
  trains: boolean,
): Diagnostic[] {
  const { root } = analysis;
  const say = (
    path: Path,
    severity: Severity,
    code: Code,
    message: string,
    suggestion?: string,
  ): Diagnostic => {
    const at = find(root, path);
    const where = at.exact ? valueWhere(at) : headWhere(at);
    return diagnose(
      where,
      severity,
      code,
      message,
      at.exact && suggestion !== undefined ? { suggestion } : {},
    );
  };
  return [
    ...checkStack(analysis, say),
    ...checkLayers(analysis),
    ...checkData(analysis),
    ...checkTask(analysis, plain, say),
    ...(train ? checkTraining(train, plain, say) : []),
    ...advise(analysis, train, trains, say),
  ];
}

type Say = (path: Path, severity: Severity, code: Code, message: string, suggestion?: string) => Diagnostic;

function checkStack({ stack }: Analysis, say: Say): Diagnostic[] {
  if (stack.total <= maxLayers) return [];
  const message = `The stack has ${stack.total} layers after expanding \`repeat\`; at most ${maxLayers} are built.`;
  return [say(['model', 'layers'], 'error', 'out-of-range', message)];
}

/** The layers' own rules, and looking ahead in a task that must not. */
function checkLayers({ root, stack, facts, task, dims }: Analysis): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const layer of stack.layers) {
    const known = facts.get(layer);
    if (!known) continue;
    for (const problem of known.problems) diagnostics.push(optionProblem(root, layer.path, 'mixer', problem));
    if (!known.causal && task?.type === 'language-model') {
      const cause = dims && lookingAhead(layer, dims);
      const at = find(root, [...layer.path, cause?.key ?? 'mixer']);
      const message =
        `This ${layer.definition.name} layer sees later tokens, but a language model predicts them: ` +
        'take a causal layer or another task.';
      const extra = cause ? { suggestion: written(cause.causal) } : {};
      diagnostics.push(diagnose(valueWhere(at), 'error', 'not-causal', message, extra));
    }
  }
  return diagnostics;
}

function checkData({ root, data }: Analysis): Diagnostic[] {
  if (!data) return [];
  try {
    return data.definition
      .check(data.options as never)
      .map((problem) => optionProblem(root, ['data'], 'type', problem));
  } catch {
    return [];
  }
}

/**
 * A problem that a definition reports: at the option where it is written, else at another that the rule is about, else
 * at the discriminator.
 */
function optionProblem(root: ConfigNode, base: Path, tag: string, problem: OptionProblem): Diagnostic {
  const { path, others = [], suggestion, severity = 'error' } = problem;
  const at = find(root, [...base, ...path]);
  const message = sentence(problem.message);
  const code = problemCode(message);
  const text = suggestion === undefined ? undefined : written(suggestion);
  if (at.exact)
    return diagnose(valueWhere(at), severity, code, message, text === undefined ? {} : { suggestion: text });
  const holder = find(root, base);
  const [key] = path;
  const fix =
    text !== undefined && path.length === 1 && holder.node.kind === 'map'
      ? insertKey(holder.node, String(key), text)
      : undefined;
  const shown = [...others, tag].map((name) => find(root, [...base, name])).find(({ exact }) => exact);
  return diagnose(shown ? valueWhere(shown) : headWhere(holder), severity, code, message, fix ? { fix } : {});
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Definitions say what is wrong in words; the stable code follows from them. */
function problemCode(message: string): Code {
  return /\b(divi(de|des|sible)|multiple of)\b/i.test(message) ? 'not-divisible' : 'invalid-combination';
}

function checkTask({ task, data, root }: Analysis, plain: Record<string, unknown>, say: Say): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const shape = data?.shape;
  if (!task || !shape) return diagnostics;
  const problem = taskProblem(task, shape);
  if (problem) {
    const related = [{ where: headWhere(find(root, ['data'])), message: 'the data are chosen here' }];
    const at = find(root, ['task', 'type']);
    diagnostics.push(diagnose(valueWhere(at), 'error', 'task-mismatch', problem, { related }));
    return diagnostics;
  }
  const model = (plain['model'] ?? {}) as { tie_embeddings?: unknown; vocab_size?: unknown };
  if (shape.input.kind === 'vectors') {
    for (const key of ['vocab_size', 'tie_embeddings'] as const) {
      if (model[key] !== undefined && model[key] !== false) {
        const message = `\`${key}\` has no effect: the data are vectors, which need no embedding.`;
        diagnostics.push(say(['model', key], 'warning', 'no-effect', message));
      }
    }
    return diagnostics;
  }
  if (model.tie_embeddings === true && (task.type === 'classification' || task.type === 'regression')) {
    const over = task.type === 'regression' ? 'numbers' : 'classes';
    const message = `\`tie_embeddings\` has no effect in ${task.type}: the head is over ${over}, not tokens.`;
    diagnostics.push(say(['model', 'tie_embeddings'], 'warning', 'no-effect', message, 'false'));
  }
  const { vocab_size } = shape.input;
  if (typeof model.vocab_size === 'number' && model.vocab_size < vocab_size) {
    const message = `\`vocab_size\` must be at least ${vocab_size}, the vocabulary of the data; found ${model.vocab_size}.`;
    diagnostics.push(say(['model', 'vocab_size'], 'error', 'vocab-too-small', message, String(vocab_size)));
  }
  return diagnostics;
}

const optimizerDefaults = optimizerSchema.parse({});

/** Constants of the optimiser that only some of them have. */
const constantsOf: Readonly<Record<string, readonly string[]>> = {
  betas: ['adamw', 'adam'],
  eps: ['adamw', 'adam'],
  momentum: ['sgd'],
  nesterov: ['sgd'],
};

function checkTraining(train: TrainConfig, plain: Record<string, unknown>, say: Say): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const asked = (plain['train'] as { optimizer?: object } | null | undefined)?.optimizer ?? {};
  for (const [constant, owners] of Object.entries(constantsOf)) {
    const value = (asked as Record<string, unknown>)[constant];
    // A resolved config writes every default.
    const usual = JSON.stringify(optimizerDefaults[constant as keyof OptimizerConfig]);
    if (value === undefined || JSON.stringify(value) === usual) continue;
    if (owners.includes(train.optimizer.name)) continue;
    const message = `\`${constant}\` has no effect with \`${train.optimizer.name}\`; it belongs to ${owners.join(' and ')}.`;
    diagnostics.push(say(['train', 'optimizer', constant], 'warning', 'no-effect', message));
  }
  const { schedule, optimizer, steps } = train;
  const at = (...path: string[]): Path => ['train', ...path];
  if (schedule.warmup >= steps && schedule.warmup > 0) {
    const message = `The warm-up of ${schedule.warmup} steps never ends: \`steps\` is ${steps}.`;
    const tenth = String(Math.floor(steps / 10));
    diagnostics.push(say(at('schedule', 'warmup'), 'error', 'warmup-too-long', message, tenth));
  }
  if (schedule.name !== 'constant' && schedule.min_lr > optimizer.lr) {
    const message = `\`min_lr\` (${written(schedule.min_lr)}) is above \`lr\` (${written(optimizer.lr)}).`;
    diagnostics.push(say(at('schedule', 'min_lr'), 'error', 'invalid-combination', message));
  }
  if (schedule.name === 'constant' && schedule.min_lr > 0) {
    const message = '`min_lr` has no effect with a constant schedule; take `cosine` or `linear`.';
    diagnostics.push(say(at('schedule', 'min_lr'), 'warning', 'no-effect', message));
  }
  if (optimizer.lr > 0.1) {
    const message = `A learning rate of ${written(optimizer.lr)} is far above the usual 1e-4 to 1e-2 of AdamW.`;
    diagnostics.push(say(at('optimizer', 'lr'), 'warning', 'unusual-value', message));
  }
  return diagnostics;
}
