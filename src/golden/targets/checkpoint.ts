/**
 * @file `checkpoint.hugging_face`, `checkpoint.state_spaces`, `checkpoint.gguf`: the folder's own files are opened,
 * and what the model says is compared.
 */
import { join } from 'node:path';
import * as z from 'zod';
import * as g from '../../graph';
import { openHeads, openModelFolder, type OpenedModel } from '../../runtime/checkpoint';
import { openTokenizer } from '../../tokenizers';
import type { GoldenCase } from '../case';
import { caseGradients } from '../differentiate';
import { MalformedCase, NotSupported } from '../errors';
import { caseIds, columnsOf } from '../language-model';
import type { Feeds, Machine, Results } from '../machine';
import { runSteps } from '../steps';

const NAMES = { 'backbone.embedding.weight': 'backbone.embeddings.weight' } as Record<string, string>;

/** Parameters as what a graph is fed. */
const feedsOf = ({ model, parameters }: OpenedModel): Feeds =>
  Object.fromEntries(
    [...model.parameters].map(([name, { shape }]) => [name, { shape, values: parameters.get(name)! }]),
  );

async function open(path: string): Promise<OpenedModel> {
  try {
    return await openModelFolder(path);
  } catch (error) {
    throw new NotSupported((error as Error).message);
  }
}

interface Decoded {
  readonly ids: Int32Array;
  /** (batch, steps, rows) */
  readonly logits: Float64Array;
  /** States after the prompt, and after everything but the last token. */
  readonly prefill: Results;
  readonly final: Results;
}

/** Greedy decoding, one token at a time. */
async function decode(
  opened: OpenedModel,
  machine: Machine,
  prompt: ArrayLike<number>,
  batch: number,
  steps: number,
): Promise<Decoded> {
  const { model } = opened;
  const { rows } = model;
  const length = prompt.length / batch;
  const ids = new Int32Array(batch * steps);
  const logits = new Float64Array(batch * steps * rows);
  let prefill: Results = {};
  let final: Results = {};
  await runSteps(machine, model.decodeStep(batch), feedsOf(opened), length + steps - 1, {
    feed: (t) => ({
      ids: {
        shape: [batch],
        values: Int32Array.from({ length: batch }, (_, b) =>
          t < length ? prompt[b * length + t]! : ids[b * steps + t - length]!,
        ),
      },
    }),
    take(t, outputs) {
      if (t === length - 1) prefill = outputs;
      final = outputs;
      const step = t - length + 1;
      if (step < 0) return;
      for (let b = 0; b < batch; b++) {
        const row = Array.from({ length: rows }, (_, v) => outputs['logits']!.values[b * rows + v]!);
        logits.set(row, (b * steps + step) * rows);
        ids[b * steps + step] = row.reduce((best, value, v) => (value > row[best]! ? v : best), 0);
      }
    },
  });
  return { ids, logits, prefill, final };
}

function statesOf(outputs: Results, name: 'prefill' | 'final', goldenCase: GoldenCase): Results {
  const found: Results = {};
  for (const [key, value] of Object.entries(outputs)) {
    const match = /^next\.state\.(\d+)\.(conv|ssm)_state$/.exec(key);
    if (!match) continue;
    const theirs = `output.${name}_${match[2]}_state.${match[1]}`;
    if (goldenCase.has(theirs)) found[theirs] = value;
  }
  return found;
}

const tokenizerCases = z.array(z.object({ text: z.string(), ids: z.array(z.int()) }));

/** @throws Error when the folder's tokenizer gives other ids than the case expects */
async function checkTokenizer(goldenCase: GoldenCase, path: string | undefined): Promise<void> {
  const cases = tokenizerCases.safeParse(goldenCase.extra['tokenizer_cases'] ?? []);
  if (!cases.success) throw new MalformedCase(`tokenizer_cases: ${cases.error.issues[0]!.message}`);
  if (cases.data.length === 0) return;
  if (path === undefined) throw new MalformedCase('there are tokenizer_cases, but no tokenizer.json');
  const tokenizer = await openTokenizer(path);
  for (const { text, ids } of cases.data) {
    const found = tokenizer.encode(text);
    if (found.join() !== ids.join()) {
      throw new Error(
        `the tokenizer gives ${JSON.stringify(text)} the ids ${found.join()}, not ${ids.join()}`,
      );
    }
  }
}

export async function checkpointFolder(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const opened = await open(goldenCase.folder);
  await checkTokenizer(goldenCase, opened.tokenizer);
  const { model } = opened;
  const ids = caseIds(goldenCase, 'input.input_ids', 2, model.rows);
  const [batch, length] = ids.shape as [number, number];
  if (length < 2) throw new MalformedCase('a next token needs at least two');
  const feeds: Feeds = {
    ...feedsOf(opened),
    inputs: ids,
    targets: columnsOf(ids.values, length, 1, length - 1),
  };
  const p = model.parameterInputs();
  const targets = g.input('targets', [batch, length - 1], 'int32');
  const { logits, loss } = model.nextToken(model.inputs(batch, length), targets, p);
  const leaves = Object.fromEntries(
    [...model.parameters.keys()].map((name) => [`param.${NAMES[name] ?? name}`, p[name]!]),
  );
  const outputs = {
    'output.logits': logits,
    'output.loss': g.reshape(loss, [1]),
    ...caseGradients(goldenCase, [{ output: loss }], leaves, feeds),
  };
  const parallel = await machine.evaluate(outputs, feeds);
  const [, steps] = goldenCase.shape('output.greedy_ids', 2) as [number, number];
  const decoded = await decode(opened, machine, ids.values, batch, steps);
  return {
    ...parallel,
    'output.greedy_ids': { shape: [batch, steps], values: decoded.ids },
    'output.step_logits': { shape: [batch, steps, model.rows], values: decoded.logits },
    ...statesOf(decoded.prefill, 'prefill', goldenCase),
    ...statesOf(decoded.final, 'final', goldenCase),
  };
}

const filesSchema = z.array(
  z.looseObject({
    file: z.string().regex(/^[\w.-]+\.gguf$/),
    tensors: z.array(z.object({ name: z.string(), shape_row_major: z.array(z.int()), type: z.string() })),
  }),
);

export async function checkpointGguf(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const parsed = filesSchema.safeParse(goldenCase.extra['files']);
  if (!parsed.success) throw new MalformedCase(`case.json: files: ${parsed.error.issues[0]!.message}`);
  const results: Results = {};
  for (const { file, tensors } of parsed.data) {
    const path = join(goldenCase.folder, file);
    checkTensors(path, tensors);
    const opened = await open(path);
    const { model } = opened;
    const ids = caseIds(goldenCase, 'input.input_ids', 2, model.rows);
    const [batch, length] = ids.shape as [number, number];
    const kind = /-(f32|f16)\.gguf$/.exec(file)?.[1];
    if (kind === undefined) throw new NotSupported(`the file ${file}, which is neither f32 nor f16`);
    const parallel = await machine.evaluate(model.logits(batch, length), { ...feedsOf(opened), inputs: ids });
    const [, steps] = goldenCase.shape(`output.greedy_ids.${kind}`, 2) as [number, number];
    const decoded = await decode(opened, machine, ids.values, batch, steps);
    results[`output.logits.${kind}`] = parallel['logits']!;
    results[`output.greedy_ids.${kind}`] = { shape: [batch, steps], values: decoded.ids };
  }
  return results;
}

/** Every tensor that the case lists is found, with its type and shape. */
function checkTensors(
  path: string,
  tensors: readonly { name: string; shape_row_major: readonly number[]; type: string }[],
): void {
  const { found } = openHeads(path);
  try {
    for (const { name, shape_row_major, type } of tensors) {
      const tensor = found.tensors.get(name);
      if (tensor?.dtype !== type || tensor.shape.join() !== shape_row_major.join()) {
        const is = tensor ? `${tensor.dtype} [${tensor.shape.join(', ')}]` : 'nothing';
        throw new Error(`${name} should be ${type} [${shape_row_major.join(', ')}], found ${is}`);
      }
    }
  } finally {
    found.close();
  }
}
