/** @file Programs that show what happens inside a model. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import { head, stack } from './forward';
import type { Model, Program } from './model';

/**
 * Everything that can be seen of one layer, as `probe.<name>`, its `layer.input` behind the norm and its
 * `layer.output`, with `logits` where the task has them and `losses` when targets are asked for.
 * @throws RangeError when there is no such layer
 */
export function inspectionOf(
  model: Model,
  batch: number,
  length: number,
  layer: number,
  options: { readonly targets?: boolean } = {},
): Program {
  if (!model.layers[layer])
    throw new RangeError(`There is no layer ${layer}; the last is ${model.layers.length - 1}.`);
  const p = model.parameterInputs();
  const program: Program = {};
  const inputs = model.documents(model.inputs(batch, length));
  const x = stack(inputs, p, model.architecture, {
    probing: {
      layer,
      probe: (name, tensor) => (program[`probe.${name}`] = tensor),
      passed: (input, output) => Object.assign(program, { 'layer.input': input, 'layer.output': output }),
    },
  });
  program['logits'] = model.logitsOf(x, inputs, p);
  if (options.targets) {
    program['losses'] = model.score(program['logits'], model.targetInput(batch, length)).losses;
  }
  return program;
}

/**
 * The residual stream behind every layer, `residual.<k>` (batch, time, d_model), 0 being the embedding, and what
 * the final norm and the head say about it, `lens.<k>` (batch, time, rows).
 */
export function lensOf(model: Model, batch: number, length: number): Program {
  const p = model.parameterInputs();
  const program: Program = {};
  stack(model.inputs(batch, length), p, model.architecture, {
    probing: {
      residual: (k, x) => {
        program[`residual.${k}`] = x;
        program[`lens.${k}`] = head(x, p, model.architecture);
      },
    },
  });
  return program;
}

/**
 * What the answer depends on: `embedding` (1, time, d_model), `gradient` of f = Σ answer · logits at a position with
 * respect to it, these logits, `last` (1, rows), and `f`. The input `answer` (1, rows) chooses f, the input `share`
 * (1) is a factor of what is embedded: 1 for the model as it is.
 * @param back logits behind the position that is explained
 */
export function attributionOf(model: Model, length: number, back = 0): Program {
  const p = model.parameterInputs();
  const inputs = model.inputs(1, length);
  let embedding: Tensor | undefined;
  const name = `backbone.${model.data.input.kind === 'tokens' ? 'embedding' : 'encoder'}.weight`;
  const shared = g.mul(p[name]!, g.input('share', [1]));
  // A head that is tied to the embedding keeps its size.
  const x = stack(inputs, { ...p, [name]: shared }, model.architecture, {
    probing: {
      residual: (k, tensor) => {
        if (k === 0) embedding = tensor;
      },
    },
  });
  const logits = model.logitsOf(x, inputs, p);
  const at = logits.shape.reduce((product, extent) => product * extent, 1) / model.rows - 1 - back;
  const last = g.slice(g.reshape(logits, [at + 1 + back, model.rows]), 0, at, at + 1);
  const f = g.sum(g.mul(last, g.input('answer', [1, model.rows])));
  const [gradient] = g.gradients([{ output: f }], [embedding!]);
  return { embedding: embedding!, gradient: gradient!, last, f };
}
