/** @file How short and how long sequences may be for the layers of a model. */
import type { BuiltLayer } from './layers';
import { ModelError } from './types';

/** Why a layer cannot compute sequences of `length` positions; undefined when all can. */
export function spanProblem(layers: readonly BuiltLayer[], length: number): ModelError | undefined {
  for (const { index, mixer, definition, resolved, path } of layers) {
    const { least = 1, most = Infinity } = definition.span?.(resolved) ?? {};
    if (length >= least && length <= most) continue;
    const bound = length < least ? `at least ${least}` : `at most ${most}`;
    return new ModelError(
      `Layer ${index} (${mixer}) takes sequences of ${bound} positions; this one has ${length}.`,
      path,
    );
  }
  return undefined;
}
