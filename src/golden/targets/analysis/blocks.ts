/** @file Hidden and implicit attention of whole blocks, token statistics and attribution of a Mamba block. */
import * as g from '../../../graph';
import { mambaLrp, sumRows, timesInput } from '../../../analysis/attribution';
import { mambaBlock } from '../../../analysis/blocks/mamba';
import { mamba2Block, type Mamba2Options } from '../../../analysis/blocks/mamba2';
import { implicitOf, mixing, normOf } from '../../../analysis/blocks/types';
import {
  decayMask,
  hiddenAttention,
  meanAbsoluteAttention,
  rowEntropy,
} from '../../../analysis/hidden-attention';
import {
  closedFraction,
  log10Quantiles,
  openFraction,
  pastFutureSingularValues,
  readStrength,
  selectivityIndex,
  writeStrength,
} from '../../../analysis/token-statistics';
import type { GoldenCase } from '../../case';
import { caseInput } from '../../differentiate';
import type { Machine, Results } from '../../machine';
import { mamba2Options, mambaOptions } from '../../mixer-options';
import { Options } from '../../options';
import { Gathered, joined, probesOf, runLayer, sequence } from './parts';

function readMamba(goldenCase: GoldenCase): { options: Options; written: Record<string, unknown> } {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'd_model');
  return { options, written: mambaOptions(goldenCase, 'param.', options) };
}

export async function hiddenAttentionTarget(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const { options, written } = readMamba(goldenCase);
  options.finish();
  const run = await runLayer(goldenCase, machine, 'mamba', written, 'input.x');
  const gathered = new Gathered();
  for (let b = 0; b < run.batch; b++) {
    const probes = probesOf(run, 'mamba', b);
    const block = mambaBlock(sequence(goldenCase.tensor('input.x'), b), probes, run.parameters);
    const { length, channels, scan } = block;
    const matrices = Array.from({ length: channels }, (_, channel) => hiddenAttention(scan, channel));
    const implicit = implicitOf(block, (channel) => matrices[channel]!);
    gathered.add('scan_input', [length, channels], block.u);
    gathered.add('conv_input', [length, channels], block.convInput);
    gathered.add('delta', [length, channels], scan.delta);
    gathered.add('B', [length, scan.states], scan.B);
    gathered.add('C', [length, scan.states], scan.C);
    gathered.add('attention', [channels, length, length], joined(matrices));
    gathered.add('implicit_attention', [channels, length, length], joined(implicit.matrices));
    gathered.add('implicit_bias', [length, channels], implicit.bias);
    gathered.add('block_norm', [length, length], normOf(block, implicit.matrices));
    gathered.add('mean_abs_attention', [length, length], meanAbsoluteAttention(scan));
    gathered.add(
      'row_entropy',
      [channels, length],
      joined(matrices.map((matrix) => rowEntropy(matrix, length, length))),
    );
  }
  return { 'output.y': run.found['output']!, ...gathered.results() };
}

export async function hiddenAttentionSsdTarget(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'd_model');
  const written = mamba2Options(goldenCase, 'param.', options);
  options.finish();
  const run = await runLayer(goldenCase, machine, 'mamba2', written, 'input.x');
  const resolved = run.resolved as unknown as Mamba2Options;
  const gathered = new Gathered();
  for (let b = 0; b < run.batch; b++) {
    const probes = probesOf(run, 'mamba2', b);
    const block = mamba2Block(sequence(goldenCase.tensor('input.x'), b), probes, run.parameters, resolved);
    const { length, channels, scan } = block;
    const heads = scan.channels;
    const each = Array.from({ length: heads }, (_, head) => head);
    const matrices = each.map((head) => hiddenAttention(scan, head));
    const implicit = implicitOf(block, mixing(block));
    gathered.add('scan_input', [length, heads, channels / heads], block.u);
    gathered.add('conv_input', [length, channels], block.convInput);
    gathered.add('delta', [length, heads], scan.delta);
    gathered.add('decay_mask', [heads, length, length], joined(each.map((head) => decayMask(scan, head))));
    gathered.add('attention', [heads, length, length], joined(matrices));
    gathered.add('implicit_attention', [channels, length, length], joined(implicit.matrices));
    gathered.add('implicit_bias', [length, channels], implicit.bias);
    if (block.normScale) gathered.add('norm_scale', [length, resolved.norm_groups], block.normScale);
  }
  return { 'output.y': run.found['output']!, ...gathered.results() };
}

export async function tokenStatisticsTarget(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const { options, written } = readMamba(goldenCase);
  const factor = options.number('open_factor') ?? 2;
  const threshold = options.number('closed_threshold') ?? 0.05;
  options.finish();
  const run = await runLayer(goldenCase, machine, 'mamba', written, 'input.x');
  const { batch, length, found } = run;
  const gathered = new Gathered();
  for (let b = 0; b < batch; b++) {
    const probes = probesOf(run, 'mamba', b);
    const { scan, u, channels } = mambaBlock(
      sequence(goldenCase.tensor('input.x'), b),
      probes,
      run.parameters,
    );
    gathered.add('write_strength', [length], writeStrength(scan, u));
    gathered.add('read_strength', [length], readStrength(scan.C, probes['gate']!, length));
    gathered.add('log10_delta_quantiles', [3], log10Quantiles(scan.delta, [0.1, 0.5, 0.9]));
    gathered.add(
      'past_future_singular_values',
      [channels, length - 1, scan.states],
      joined(Array.from({ length: channels }, (_, channel) => pastFutureSingularValues(scan, channel))),
    );
  }
  const delta = found['delta']!;
  const gate = found['gate']!;
  const channels = delta.shape[2]!;
  return {
    ...gathered.results(),
    'output.delta': delta,
    'output.gate': gate,
    'output.open_fraction': { shape: [batch, length], values: openFraction(delta.values, channels, factor) },
    'output.closed_fraction': {
      shape: [batch, length],
      values: closedFraction(gate.values, channels, threshold),
    },
    'output.selectivity_index': {
      shape: [1],
      values: [selectivityIndex(delta.values, batch, length, channels)],
    },
  };
}

export async function attributionTarget(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const { options, written } = readMamba(goldenCase);
  options.finish();
  const run = await runLayer(goldenCase, machine, 'mamba', written, 'input.x', (x, y, feeds) => {
    const cotangent = caseInput(goldenCase, 'input.cotangent', feeds);
    return { gradient: g.gradients([{ output: y, cotangent }], [x])[0]! };
  });
  const { batch, length, d_model, parameters } = run;
  const gathered = new Gathered();
  for (let b = 0; b < batch; b++) {
    const x = sequence(goldenCase.tensor('input.x'), b);
    const cotangent = sequence(goldenCase.tensor('input.cotangent'), b);
    const y = sequence(run.found['output']!, b);
    const block = mambaBlock(x, probesOf(run, 'mamba', b), parameters);
    const lrp = mambaLrp({
      length,
      channels: block.channels,
      d_model,
      x,
      cotangent,
      matrices: implicitOf(block).matrices,
      y: block.y,
      z: block.z,
      in_proj: parameters['in_proj.weight']!,
      out_proj: parameters['out_proj.weight']!,
    });
    const gradient = timesInput(sequence(run.found['gradient']!, b), x, d_model);
    gathered.add('f', [], [y.reduce((sum, value, i) => sum + value * cotangent[i]!, 0)]);
    gathered.add('gradient_times_input', [length, d_model], gradient.entries);
    gathered.add('gradient_times_input_token', [length], gradient.perToken);
    gathered.add('lrp', [length, d_model], lrp);
    gathered.add('lrp_token', [length], sumRows(lrp, d_model));
  }
  return { 'output.y': run.found['output']!, ...gathered.results() };
}
