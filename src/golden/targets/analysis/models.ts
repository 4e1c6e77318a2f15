/** @file Analyses of whole language models: the logit lens and diagnostics of training. */
import * as g from '../../../graph';
import { filterNormalised, hessianTimes, largestEigenvalue } from '../../../analysis/curvature';
import { singularValues } from '../../../analysis/linear/svd';
import { logitLens, nextToken } from '../../../analysis/logit-lens';
import { gain } from '../../../analysis/lti';
import { meanCosineSimilarity } from '../../../analysis/representation';
import { norm } from '../../../analysis/statistics';
import { lensOf } from '../../../models';
import type { GoldenCase } from '../../case';
import { MalformedCase } from '../../errors';
import { caseIds, caseModel, caseParameters, columnsOf, type CaseModel } from '../../language-model';
import type { Feeds, Machine, Results } from '../../machine';
import { Options } from '../../options';
import { joined, stacked, values } from './parts';

function openModel(goldenCase: GoldenCase): {
  built: CaseModel;
  batch: number;
  length: number;
  ids: ReturnType<typeof caseIds>;
} {
  const options = new Options(goldenCase.hyperparameters);
  const [batch, length] = goldenCase.shape('input.ids', 2) as [number, number];
  if (length < 2) throw new MalformedCase('a next token needs at least two');
  const built = caseModel(goldenCase, options, length);
  options.finish();
  return { built, batch, length, ids: caseIds(goldenCase, 'input.ids', 2, built.model.rows) };
}

export async function logitLensTarget(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const { built, batch, length, ids } = openModel(goldenCase);
  const { model } = built;
  const found = await machine.evaluate(lensOf(model, batch, length), {
    ...caseParameters(goldenCase, built),
    inputs: ids,
  });
  const layers = model.layers.length + 1;
  const each = Array.from({ length: layers }, (_, k) => k);
  const residuals = each.map((k) => Float64Array.from(found[`residual.${k}`]!.values));
  const logits = each.map((k) => found[`lens.${k}`]!.values);
  const rows = batch * length;
  const lens = logitLens(logits, rows);
  // The last position of a sequence has no next token.
  const before = logits.map((all) =>
    joined(
      Array.from({ length: batch }, (_, b) =>
        Float64Array.from(
          { length: (length - 1) * model.rows },
          (_v, i) => all[b * length * model.rows + i]!,
        ),
      ),
    ),
  );
  const next = nextToken(before, columnsOf(ids.values, length, 1, length - 1).values);
  const d_model = residuals[0]!.length / rows;
  const similarity = residuals.flatMap((x) =>
    Array.from({ length: batch }, (_, b) =>
      meanCosineSimilarity(x.subarray(b * length * d_model, (b + 1) * length * d_model), length, d_model),
    ),
  );
  const shape = [layers, batch, length];
  return {
    'output.residual': stacked(residuals, [batch, length, d_model]),
    'output.top1': { shape, values: lens.top1 },
    'output.kl_to_final': { shape, values: lens.klToFinal },
    'output.entropy': { shape, values: lens.entropy },
    'output.next_token_rank': { shape: [layers, batch, length - 1], values: next.rank },
    'output.loss_per_layer': { shape: [layers], values: next.loss },
    'output.settle_layer': { shape: [batch, length], values: lens.settleLayer },
    'output.residual_norm': {
      shape,
      values: joined(
        residuals.map((x) =>
          Float64Array.from({ length: rows }, (_, i) => norm(x, i * d_model, (i + 1) * d_model)),
        ),
      ),
    },
    'output.token_similarity': { shape: [layers, batch], values: similarity },
  };
}

const GROUPS = ['embedding', 'norm', 'in_proj', 'conv1d', 'x_proj', 'dt_proj', 'A_log', 'D', 'out_proj'];
const MATRICES = ['in_proj', 'x_proj', 'dt_proj', 'out_proj'];
/** Frequencies of a convolution's gain. */
const POINTS = 513;

/** `backbone.layers.0.mixer.conv1d.weight` → `conv1d`; all norms are one group. */
function groupOf(name: string): string {
  const parts = name.split('.').filter((part) => part !== 'weight' && part !== 'bias');
  const last = parts.at(-1)!;
  return last === 'norm_f' ? 'norm' : last === 'lm_head' ? 'embedding' : last;
}

export async function trainingDiagnosticsTarget(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const { built, batch, length, ids } = openModel(goldenCase);
  const { model, theirs } = built;
  const names = [...model.parameters.keys()];
  const p = model.parameterInputs();
  const { loss } = model.nextToken(
    model.inputs(batch, length),
    g.input('targets', [batch, length - 1], 'int32'),
    p,
  );
  const gradients = g.gradients(
    [{ output: loss }],
    names.map((name) => p[name]!),
  );
  const program = { loss, ...Object.fromEntries(names.map((name, i) => [`grad.${name}`, gradients[i]!])) };
  const feeds: Feeds = {
    ...caseParameters(goldenCase, built),
    inputs: ids,
    targets: columnsOf(ids.values, length, 1, length - 1),
  };
  const found = await machine.evaluate(program, feeds);

  const squares = Object.fromEntries(GROUPS.map((group) => [group, 0]));
  for (const name of names) squares[groupOf(name)]! += norm(found[`grad.${name}`]!.values) ** 2;
  const total = Object.values(squares).reduce((sum, value) => sum + value, 0);

  const matrices = names.filter(
    (name) =>
      name === 'backbone.embedding.weight' || (MATRICES.includes(groupOf(name)) && name.endsWith('weight')),
  );
  // The order of the case: the embedding, then the layers' matrices in the order of the block.
  const ordered = ['backbone.embedding.weight'].concat(
    model.layers.flatMap((_, layer) =>
      MATRICES.map((matrix) => `backbone.layers.${layer}.mixer.${matrix}.weight`).filter((name) =>
        matrices.includes(name),
      ),
    ),
  );
  const weights = ordered.map((name) => ({
    shape: model.parameters.get(name)!.shape,
    values: feeds[name]!.values,
  }));
  const conv = 'backbone.layers.0.mixer.conv1d.weight';
  const [channels, , taps] = model.parameters.get(conv)!.shape as [number, number, number];

  // Curvature is a difference of gradients, so it is taken in float64.
  const sizes = names.map((name) => feeds[name]!.values.length);
  const point = joined(names.map((name) => feeds[name]!.values));
  const evaluate = (at: Float64Array, what: readonly g.Tensor[]): readonly ArrayLike<number>[] => {
    let from = 0;
    const arrays: Record<string, Float64Array> = {};
    names.forEach((name, i) => {
      arrays[name] = at.slice(from, from + sizes[i]!);
      from += sizes[i]!;
    });
    for (const name of ['inputs', 'targets']) arrays[name] = Float64Array.from(feeds[name]!.values);
    return g.interpret([...what], arrays);
  };
  const gradient = (at: Float64Array): Float64Array => joined(evaluate(at, gradients));
  const times = (v: Float64Array): Float64Array => hessianTimes(gradient, point, v);
  const start = Float64Array.from(point, (_, i) => Math.sin(1 + i));
  const sharpness = largestEigenvalue(times, start, Math.min(point.length, 120));
  let trace = 0;
  for (let i = 0; i < point.length; i++) {
    const unit = new Float64Array(point.length);
    unit[i] = 1;
    trace += times(unit)[i]!;
  }

  const direction = joined(
    names.map((name) => {
      const { shape } = model.parameters.get(name)!;
      const raw = values(goldenCase, `input.direction.${theirs.get(name)}`);
      const still = shape.length < 2 || groupOf(name) === 'A_log';
      return still ? new Float64Array(raw.length) : filterNormalised(raw, feeds[name]!.values, shape[0]!);
    }),
  );
  const alphas = values(goldenCase, 'output.slice_alpha');
  const slice = Array.from(alphas, (alpha) => {
    const moved = point.map((value, i) => value + alpha * direction[i]!);
    return evaluate(moved, [loss])[0]![0]!;
  });
  return {
    'output.loss': { shape: [1], values: found['loss']!.values },
    'output.grad_norm_group': {
      shape: [GROUPS.length],
      values: GROUPS.map((group) => Math.sqrt(squares[group]!)),
    },
    'output.grad_norm': { shape: [1], values: [Math.sqrt(total)] },
    'output.spectral_norm': {
      shape: [weights.length],
      values: weights.map(({ shape, values: w }) => singularValues(w, shape[0]!, shape[1]!)[0]!),
    },
    'output.frobenius_norm': { shape: [weights.length], values: weights.map(({ values: w }) => norm(w)) },
    'output.conv_gain': {
      shape: [channels],
      values: Array.from({ length: channels }, (_, c) => {
        const own = Float64Array.from({ length: taps }, (_tap, k) => feeds[conv]!.values[c * taps + k]!);
        return gain(own, POINTS).reduce((most, value) => Math.max(most, value), 0);
      }),
    },
    'output.slice_alpha': { shape: [alphas.length], values: alphas },
    'output.slice_loss': { shape: [slice.length], values: slice },
    'output.sharpness': { shape: [1], values: [sharpness] },
    'output.hessian_trace': { shape: [1], values: [trace] },
  };
}
