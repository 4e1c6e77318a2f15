/** @file Which option makes a layer see later tokens. */
import type { Dims } from '../../layers/define';
import type { WrittenLayer } from '../model/layers';

/**
 * The written option whose default would make the layer causal, and that default; undefined where no single option
 * does, as with layers that always see both sides.
 */
export function lookingAhead(
  { definition, node, options }: WrittenLayer,
  dims: Dims,
): { readonly key: string; readonly causal: number | string | boolean } | undefined {
  for (const key of node.entries.keys()) {
    const { [key]: now, ...others } = options ?? {};
    const parsed = now === undefined ? undefined : definition.options.safeParse(others);
    if (!parsed?.success || !definition.causal(definition.resolve(parsed.data, dims))) continue;
    const value = parsed.data[key];
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') {
      return { key, causal: value };
    }
  }
  return undefined;
}
