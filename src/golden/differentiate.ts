/** @file The backward pass of a case: L = Σ cotangent ∘ output, compared for every stored gradient. */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { GoldenCase } from './case';
import { MalformedCase } from './errors';
import type { Feeds } from './machine';

/** A graph input with the values of the case's tensor of that name. */
export function caseInput(goldenCase: GoldenCase, name: string, feeds: Feeds): Tensor {
  const { shape, values } = goldenCase.tensor(name);
  feeds[name] = { shape, values };
  return g.input(name, shape, values instanceof Int32Array ? 'int32' : 'float32');
}

/**
 * `grad.<name>` for every gradient that the case stores.
 * @param seeds output and name of its cotangent; without a cotangent in the case the seed is 1 (a scalar loss)
 * @param leaves the tensors by their name in the case (`input.x`, `param.D`)
 */
export function caseGradients(
  goldenCase: GoldenCase,
  seeds: readonly { readonly output: Tensor; readonly cotangent?: string }[],
  leaves: Readonly<Record<string, Tensor>>,
  feeds: Feeds,
): Record<string, Tensor> {
  const wanted = goldenCase.under('grad.');
  if (wanted.length === 0) return {};
  const wrt = wanted.map((name) => {
    const leaf = leaves[name];
    if (!leaf) throw new MalformedCase(`there is a grad.${name}, but the target has no ${name}`);
    return leaf;
  });
  const given = seeds.flatMap(({ output, cotangent }) => {
    if (cotangent === undefined) return [{ output }];
    if (!goldenCase.has(cotangent)) return [];
    const seed = caseInput(goldenCase, cotangent, feeds);
    if (seed.shape.join() !== output.shape.join()) {
      throw new MalformedCase(`${cotangent} has shape [${seed.shape.join(', ')}], not that of its output`);
    }
    return [{ output, cotangent: seed }];
  });
  if (given.length === 0) throw new MalformedCase('there are gradients but no cotangent');
  const gradients = g.gradients(given, wrt);
  return Object.fromEntries(wanted.map((name, i) => [`grad.${name}`, gradients[i]!]));
}
