/** @file `zamba.block`: the transformer block over [stream, embedding], forward and backward. */
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import { MalformedCase } from '../errors';
import type { Feeds, Machine, Results } from '../machine';
import { forward, mixerCase } from '../mixer-case';
import { Options } from '../options';

export async function zambaBlock(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'd_model', 'd_intermediate', 'adapter_rank');
  const width = goldenCase.shape('input.x', 3)[2]!;
  if (width % 2 !== 0) throw new MalformedCase(`input.x is ${width} wide, not twice d_model`);
  const heads = options.size('heads');
  const written = {
    heads,
    num_heads_kv: options.integer('num_heads_kv') ?? heads,
    rotary_emb_dim: options.integer('rotary_emb_dim') ?? 0,
    rotary_emb_base: options.number('rotary_emb_base') ?? 10000,
    d_intermediate: goldenCase.shape('param.fc2.weight', 2)[1],
    activation: options.word('activation', ['gelu', 'silu', 'relu']) ?? 'gelu',
    adapter_rank: goldenCase.has('param.fc1_adapter.down.weight')
      ? goldenCase.shape('param.fc1_adapter.down.weight', 2)[0]
      : 0,
    attention_adapter: goldenCase.has('param.q_adapter.down.weight'),
    bias: goldenCase.has('param.fc1.bias'),
  };
  options.finish();
  const feeds: Feeds = {};
  const built = mixerCase(goldenCase, 'zamba', written, feeds, { d_model: width / 2 });
  const x = caseInput(goldenCase, 'input.x', feeds);
  const y = forward(x, built);
  const leaves = { ...built.leaves, 'input.x': x };
  const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
  return machine.evaluate({ 'output.y': y, ...gradients }, feeds);
}
