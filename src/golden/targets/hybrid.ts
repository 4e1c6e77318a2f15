/** @file `hybrid.stack`: layers given by a pattern of symbols; logits, mean next-token loss, all gradients. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { buildModel, type Model } from '../../models';
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import { MalformedCase, NotSupported } from '../errors';
import { caseIds, columnsOf } from '../language-model';
import type { Feeds, Machine, Results } from '../machine';
import { mamba2Options } from '../mixer-options';
import { Options } from '../options';

type Layer = { readonly mixer: string; readonly [option: string]: unknown };

export async function hybridStack(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'd_model', 'vocab');
  const layers = readLayers(goldenCase, options);
  options.finish();
  const [batch, length] = goldenCase.shape('input.ids', 2) as [number, number];
  if (length < 2) throw new MalformedCase('a next token needs at least two');
  const [rows, d_model] = goldenCase.shape('param.embedding.weight', 2) as [number, number];
  const model = build(layers, { rows, d_model, length });
  const ids = caseIds(goldenCase, 'input.ids', 2, rows);
  const feeds: Feeds = { inputs: ids, targets: columnsOf(ids.values, length, 1, length - 1) };
  const { p, leaves } = parameters(goldenCase, model, feeds);
  const targets = g.input('targets', [batch, length - 1], 'int32');
  const { logits, loss } = model.nextToken(model.inputs(batch, length), targets, p);
  const gradients = caseGradients(goldenCase, [{ output: loss }], leaves, feeds);
  return machine.evaluate(
    { 'output.logits': logits, 'output.loss': g.reshape(loss, [1]), ...gradients },
    feeds,
  );
}

function readLayers(goldenCase: GoldenCase, options: Options): Layer[] {
  const pattern = options.text('pattern') ?? '';
  const heads = options.integer('heads');
  const num_heads_kv = options.integer('kv_heads') ?? heads;
  options.informative('head_dim');
  const mamba2 = options.nested('mamba2');
  const layers = [...pattern].map((symbol, i): Layer => {
    const prefix = `param.layers.${i}.mixer.`;
    switch (symbol) {
      case 'M':
        return { mixer: 'mamba2', ...mamba2Options(goldenCase, prefix, mamba2) };
      case '*': {
        const [width] = goldenCase.shape(`${prefix}linear_q.weight`, 2) as [number, number];
        const head_dim = width / (heads ?? 0);
        if (!Number.isInteger(head_dim))
          throw new MalformedCase(`${heads} heads do not divide ${width} channels`);
        const noBias = { qkv_proj_bias: false, out_proj_bias: false };
        return { mixer: 'attention', heads, num_heads_kv, head_dim, ...noBias };
      }
      case '-': {
        const d_intermediate = goldenCase.shape(`${prefix}linear_fc1.weight`, 2)[0];
        return { mixer: 'mlp', activation: 'gelu', d_intermediate, multiple_of: 1 };
      }
      default:
        throw new NotSupported(
          `hyperparameter pattern: the symbol ${JSON.stringify(symbol)} is not supported`,
        );
    }
  });
  if (pattern.includes('M')) mamba2.finish();
  return layers;
}

function build(
  layers: readonly Layer[],
  { rows, d_model, length }: { rows: number; d_model: number; length: number },
): Model {
  try {
    return buildModel({
      model: { d_model, layers, norm: 'rms', norm_eps: 1e-5, tie_embeddings: false, vocab_size: rows },
      task: { type: 'language-model' },
      data: { length, input: { kind: 'tokens', vocab_size: rows }, target: { kind: 'next-token' } },
    });
  } catch (error) {
    throw new MalformedCase(`the hyperparameters make no model: ${(error as Error).message}`);
  }
}

/** Their name of one of our parameters outside attention. */
const OUTER: Readonly<Record<string, string>> = {
  'backbone.embedding.weight': 'embedding.weight',
  'backbone.norm_f.weight': 'final_norm.weight',
  'lm_head.weight': 'output_layer.weight',
};
const theirs = (name: string): string =>
  OUTER[name] ?? name.replace(/^backbone\./, '').replace(/\.(fc[12])\.weight$/, '.linear_$1.weight');

function parameters(
  goldenCase: GoldenCase,
  model: Model,
  feeds: Feeds,
): { p: Record<string, Tensor>; leaves: Record<string, Tensor> } {
  const leaves: Record<string, Tensor> = {};
  const attention = new Set(
    model.layers.filter(({ mixer }) => mixer === 'attention').map(({ prefix }) => prefix),
  );
  const p = Object.fromEntries(
    [...model.parameters].map(([name, { shape }]) => {
      const [, prefix = '', rest] = /^(backbone\.layers\.\d+)\.mixer\.(.*)$/.exec(name) ?? [];
      const from = attention.has(prefix) ? attentionNames(prefix, rest!) : [theirs(name)];
      const parts = from.map(
        (one) => (leaves[`param.${one}`] = caseInput(goldenCase, `param.${one}`, feeds)),
      );
      const whole = parts.length > 1 ? g.concat(parts, 0) : parts[0]!;
      if (whole.shape.join() !== shape.join()) {
        const found = whole.shape.join(', ');
        throw new MalformedCase(`${from.join(' + ')} has shape [${found}], expected [${shape.join(', ')}]`);
      }
      return [name, whole];
    }),
  );
  return { p, leaves };
}

/** Queries, keys and values lie below each other in ours. */
function attentionNames(prefix: string, rest: string): string[] {
  const base = `${prefix.replace(/^backbone\./, '')}.mixer.linear_`;
  return rest === 'in_proj.weight'
    ? ['q', 'k', 'v'].map((part) => `${base}${part}.weight`)
    : [`${base}proj.weight`];
}
