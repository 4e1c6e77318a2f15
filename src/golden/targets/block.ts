/** @file `mamba.block` and `mamba2.block`: one mixer, forward, backward and token by token. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { mixers, type Dims } from '../../layers';
import type { GoldenCase } from '../case';
import { caseGradients, caseInput } from '../differentiate';
import { MalformedCase, NotSupported } from '../errors';
import type { Feeds, Machine, Results } from '../machine';
import { mamba2Options, mambaOptions } from '../mixer-options';
import { Options } from '../options';
import { runSteps } from '../steps';

type Read = typeof mambaOptions;

const block =
  (mixer: 'mamba' | 'mamba2', read: Read) =>
  async (goldenCase: GoldenCase, machine: Machine): Promise<Results> => {
    const hyperparameters = new Options(goldenCase.hyperparameters);
    hyperparameters.informative('batch', 'length', 'd_model');
    const written = read(goldenCase, 'param.', hyperparameters);
    hyperparameters.finish();
    const [batch, length, d_model] = goldenCase.shape('input.x', 3) as [number, number, number];
    const dims: Dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
    const definition = mixers[mixer]!;
    const parsed = definition.options.safeParse(written);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new NotSupported(`hyperparameter ${issue.path.join('.')}: ${issue.message}`);
    }
    const options = parsed.data;
    const problem = definition.check(options, dims)[0];
    if (problem) throw new MalformedCase(problem.message);
    const resolved = definition.resolve(options, dims);

    const feeds: Feeds = {};
    const p: Record<string, Tensor> = {};
    const leaves: Record<string, Tensor> = { 'input.x': caseInput(goldenCase, 'input.x', feeds) };
    for (const [name, { shape }] of Object.entries(definition.parameters(resolved, dims))) {
      const leaf = caseInput(goldenCase, `param.${name}`, feeds);
      if (leaf.shape.join() !== shape.join()) {
        throw new MalformedCase(
          `param.${name} has shape [${leaf.shape.join(', ')}], expected [${shape.join(', ')}]`,
        );
      }
      p[name] = leaves[`param.${name}`] = leaf;
    }
    const context = { probing: false, probe: () => undefined };
    const y = definition.forward(leaves['input.x']!, p, resolved, dims, context);
    const gradients = caseGradients(goldenCase, [{ output: y, cotangent: 'cotangent' }], leaves, feeds);
    const results = await machine.evaluate({ 'output.y': y, ...gradients }, feeds);
    if (!goldenCase.names.some((name) => /^output\.(decode_y|\w+_state_t\d+)$/.test(name))) return results;

    // Token by token, from states that start at zero.
    const states: Record<string, Tensor> = {};
    for (const [name, shape] of Object.entries(definition.state!(resolved, dims))) {
      states[name] = g.input(`state.${name}`, [batch, ...shape]);
    }
    const token = g.input('token', [batch, d_model]);
    const step = definition.step!(token, states, p, resolved, dims);
    const program: Record<string, Tensor> = { y: step.y };
    for (const [name, tensor] of Object.entries(step.state)) program[`next.state.${name}`] = tensor;
    const x = goldenCase.tensor('input.x').values;
    const decoded = new Float64Array(batch * length * d_model);
    await runSteps(machine, program, feeds, length, {
      feed: (t) => ({ token: { shape: [batch, d_model], values: columns(x, batch, length, d_model, t) } }),
      take: (t, outputs) => {
        for (let b = 0; b < batch; b++) {
          for (let d = 0; d < d_model; d++) {
            decoded[(b * length + t) * d_model + d] = outputs['y']!.values[b * d_model + d]!;
          }
        }
        for (const name of Object.keys(states))
          results[`output.${name}_t${t}`] = outputs[`next.state.${name}`]!;
      },
    });
    results['output.decode_y'] = { shape: [batch, length, d_model], values: decoded };
    return results;
  };

/** Row `t` of every example: (batch, time, width) → (batch, width). */
function columns(x: ArrayLike<number>, batch: number, length: number, width: number, t: number): number[] {
  return Array.from({ length: batch * width }, (_, i) => {
    const b = Math.floor(i / width);
    return x[(b * length + t) * width + (i % width)]!;
  });
}

export const mambaBlock = block('mamba', mambaOptions);
export const mamba2Block = block('mamba2', mamba2Options);
