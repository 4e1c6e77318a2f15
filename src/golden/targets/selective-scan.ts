/** @file `mamba.selective_scan`: the operator with bias, softplus, skip and gate around it. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import { MalformedCase } from '../errors';
import type { Feeds, Machine, Results } from '../machine';
import { Options } from '../options';

export async function selectiveScan(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  options.informative('batch', 'channels', 'length', 'state', 'groups');
  const softplus = options.boolean('delta_softplus') ?? false;
  for (const key of ['B_input_dependent', 'C_input_dependent', 'has_z', 'has_D', 'has_delta_bias']) {
    options.boolean(key);
  }
  options.finish();

  const feeds: Feeds = {};
  const leaves: Record<string, Tensor> = {};
  const leaf = (name: string): Tensor =>
    (leaves[`input.${name}`] = caseInput(goldenCase, `input.${name}`, feeds));
  const optional = (name: string): Tensor | undefined =>
    goldenCase.has(`input.${name}`) ? leaf(name) : undefined;
  for (const name of ['z', 'D', 'delta_bias']) {
    if (goldenCase.hyperparameters[`has_${name}`] === true && !goldenCase.has(`input.${name}`)) {
      throw new MalformedCase(`has_${name} is true, but there is no input.${name}`);
    }
  }

  goldenCase.shape('input.u', 3);
  const timeMajor = (x: Tensor): Tensor => g.transpose(x, [2, 0, 1]);
  const u = timeMajor(leaf('u'));
  const bias = optional('delta_bias');
  const raw = timeMajor(leaf('delta'));
  const biased = bias ? g.add(raw, bias) : raw;
  const D = optional('D');
  const scan = g.selectiveScan({
    u,
    delta: softplus ? g.softplus(biased) : biased,
    A: leaf('A'),
    B: scanMap(leaf('B')),
    C: scanMap(leaf('C')),
    ...(D ? { D } : {}),
  });
  const z = optional('z');
  const gated = z ? g.mul(scan.y, g.silu(timeMajor(z))) : scan.y;
  const y = g.transpose(gated, [1, 2, 0]);
  const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
  return machine.evaluate({ 'output.y': y, 'output.last_state': scan.lastState, ...gradients }, feeds);
}

/** (batch, state, time) → (time, batch, state), grouped likewise; (channel, state) stays. */
function scanMap(map: Tensor): Tensor {
  if (map.shape.length === 2) return map;
  return g.transpose(map, map.shape.length === 3 ? [2, 0, 1] : [3, 0, 1, 2]);
}
