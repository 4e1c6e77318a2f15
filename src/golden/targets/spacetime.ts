/** @file `spacetime.companion`, `spacetime.closed_loop` and `spacetime.network`: open loop, forecast, both together. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { closedLoop, convolveKernels, openLoop, type Companion } from '../../layers/spacetime/companion';
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import { MalformedCase } from '../errors';
import type { Feeds, Machine, Results } from '../machine';
import { Options } from '../options';

/** Everything that the case stores under a prefix, as graph inputs by name. */
class Leaves {
  readonly all: Record<string, Tensor> = {};
  readonly feeds: Feeds = {};

  constructor(readonly goldenCase: GoldenCase) {}

  take(name: string, rank: number): Tensor {
    this.goldenCase.shape(name, rank);
    return (this.all[name] ??= caseInput(this.goldenCase, name, this.feeds));
  }

  companion(prefix: string): Companion {
    const [a, b, c] = ['a', 'b', 'c'].map((key) => this.take(`${prefix}${key}`, 2)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const k = this.goldenCase.has(`${prefix}k`) ? this.take(`${prefix}k`, 2) : undefined;
    return { a, b, c, k };
  }

  gradients(output: Tensor): Record<string, Tensor> {
    return caseGradients(this.goldenCase, [{ output, cotangent: 'cotangent' }], this.all, this.feeds);
  }
}

function divides(channels: number, kernels: number): void {
  if (channels % kernels === 0) return;
  throw new MalformedCase(`${kernels} kernels do not divide ${channels} channels`);
}

export async function spacetimeCompanion(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'length', 'n_kernels', 'head_dim', 'kernel_dim');
  const order = options.number('norm_order') ?? 1;
  const skips = options.boolean('skip_connection') ?? false;
  options.finish();
  const leaves = new Leaves(goldenCase);
  const u = leaves.take('input.u', 3);
  const p = leaves.companion('param.');
  divides(u.shape[2]!, p.a.shape[0]!);
  const { y: plain, kernel } = openLoop(u, p, orderOf(order));
  const y = skips ? g.add(plain, g.mul(u, leaves.take('param.skip', 1))) : plain;
  const gradients = leaves.gradients(y);
  return machine.evaluate({ 'output.y': y, 'output.kernel': kernel, ...gradients }, leaves.feeds);
}

export async function spacetimeClosedLoop(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'lag', 'n_kernels', 'kernel_dim', 'model_dim');
  const order = closedOrder(options.number('norm_order') ?? 1);
  const horizon = options.size('horizon');
  options.finish();
  const leaves = new Leaves(goldenCase);
  const u = leaves.take('input.u', 3);
  const loop = closedLoop(u, closedCompanion(leaves, 'param.', u), order, horizon);
  const outputs = {
    'output.y': loop.y,
    'output.closed_next_input': loop.nextInput,
    'output.open_y': loop.openY,
    'output.open_next_input': loop.openNextInput,
  };
  return machine.evaluate({ ...outputs, ...leaves.gradients(loop.y) }, leaves.feeds);
}

/** Embedding, one encoder block with given preprocessing kernels, the closed loop, and a linear output behind a GELU. */
export async function spacetimeNetwork(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'lag', 'input_dim', 'model_dim', 'kernel_dim', 'n_kernels', 'head_dim');
  options.irrelevant('decoder', 'output');
  const order = closedOrder(options.number('norm_order') ?? 1);
  const horizon = options.size('horizon');
  options.finish();
  const leaves = new Leaves(goldenCase);
  const linear = (x: Tensor, name: string): Tensor =>
    g.linear(x, leaves.take(`param.${name}.weight`, 2), leaves.take(`param.${name}.bias`, 1));
  const z = linear(leaves.take('input.u', 3), 'embedding.layers');
  const input = convolveKernels(z, leaves.take('input.buffer.preprocess_kernel', 2));
  const encoder = 'param.encoder.blocks.0.ssm.';
  const p = leaves.companion(encoder);
  divides(z.shape[2]!, p.a.shape[0]!);
  const mixed = openLoop(input, p, order).y;
  const hidden = linear(g.gelu(mixed), 'encoder.blocks.0.mlp.layers.2');
  const encoded = g.add(linear(g.gelu(hidden), 'encoder.blocks.0.mlp.layers.4'), input);
  const loop = closedLoop(
    encoded,
    closedCompanion(leaves, 'param.decoder.blocks.ssm.', encoded),
    order,
    horizon,
  );
  const out = (x: Tensor): Tensor => linear(g.gelu(x), 'output.layers.2');
  const y = out(loop.y);
  const outputs = {
    'output.y': y,
    'output.open_y': out(loop.openY),
    'output.next_input_pred': loop.openNextInput,
    'output.next_input_true': encoded,
  };
  return machine.evaluate({ ...outputs, ...leaves.gradients(y) }, leaves.feeds);
}

function closedCompanion(leaves: Leaves, prefix: string, u: Tensor): Companion {
  const p = leaves.companion(prefix);
  if (!p.k) throw new MalformedCase(`the case has no tensor ${prefix}k`);
  if (p.a.shape[0] !== u.shape[2]) {
    throw new MalformedCase(
      `the closed loop needs a kernel per channel, not ${p.a.shape[0]} of ${u.shape[2]}`,
    );
  }
  return p;
}

function orderOf(order: number): 0 | 1 | 2 {
  if (order === 0 || order === 1 || order === 2) return order;
  throw new MalformedCase(`norm_order must be 0, 1 or 2, not ${order}`);
}

function closedOrder(order: number): 1 | 2 {
  const checked = orderOf(order);
  if (checked === 0) throw new MalformedCase('norm_order must be 1 or 2 in the closed loop');
  return checked;
}
