/** @file `seqboat.layer`: sparse modular activation, time first; the choice of active tokens must be exact. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import { NotSupported } from '../errors';
import type { Feeds, Machine, Results } from '../machine';
import { mixerCase, probed } from '../mixer-case';
import { Options } from '../options';

export async function seqboatLayer(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'embed_dim', 'zdim', 'hdim', 'ndim', 'max_positions');
  options.irrelevant('init_temp_scale');
  for (const key of ['dropout', 'attention_dropout', 'hidden_dropout']) {
    if (options.number(key)) throw new NotSupported(`hyperparameter ${key}: a case has no random draws`);
  }
  const d_model = goldenCase.shape('input.x', 3)[2]!;
  const [, zdim] = goldenCase.shape('param.gamma', 2) as [number, number];
  const window_size = options.size('window_size');
  const local_pos = options.boolean('local_pos') ?? false;
  const truncation = options.integer('truncation');
  const entries = goldenCase.has('param.rel_pos_bias.rel_pos_bias')
    ? goldenCase.shape('param.rel_pos_bias.rel_pos_bias', 1)[0]!
    : undefined;
  const written = {
    zdim,
    hdim: goldenCase.shape('param.h_proj.weight', 2)[1],
    ndim: goldenCase.shape('param.ssm.gamma', 2)[1],
    window_size,
    attention_activation: options.word('attention_activation', ['softmax', 'relu2']) ?? 'relu2',
    bidirectional: options.boolean('bidirectional') ?? false,
    rel_pos_bias: options.word('rel_pos_bias', ['simple', 'rotary']) ?? 'simple',
    ...(entries === undefined || local_pos ? {} : { max_positions: (entries + 1) / 2 }),
    local_pos,
    norm_type: options.word('norm_type', ['layernorm', 'scalenorm']) ?? 'layernorm',
    prenorm: options.boolean('prenorm') ?? true,
    ...(truncation === undefined ? {} : { truncation }),
  };
  options.finish();

  const feeds: Feeds = {};
  const built = mixerCase(goldenCase, 'sma', written, feeds, { d_model });
  const x = caseInput(goldenCase, 'input.x', feeds);
  const swap = (t: Tensor): Tensor => g.transpose(t, [1, 0, 2]);
  const { y, probes: seen } = probed(swap(x), built);
  const output = swap(y);
  const leaves = { ...built.leaves, 'input.x': x };
  const gradients = caseGradients(goldenCase, [{ output, cotangent: 'cotangent' }], leaves, feeds);
  const outputs = {
    'output.y': output,
    'output.active': g.cast(seen['active']!, 'int32'),
    'output.router_prob': seen['router_prob']!,
  };
  return machine.evaluate({ ...outputs, ...gradients }, feeds);
}
