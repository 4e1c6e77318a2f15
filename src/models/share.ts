/** @file Layers that have one set of parameters, by the name that they share. */
import type { BuiltLayer } from './layers';

/** The first layer that cannot have the parameters of the earlier ones of its name, and why. */
export function shareProblem(
  layers: readonly BuiltLayer[],
): { readonly layer: BuiltLayer; readonly message: string } | undefined {
  const first = new Map<string, BuiltLayer>();
  for (const layer of layers) {
    const {
      place: { share },
      mixer,
      options,
    } = layer;
    if (share === undefined) continue;
    const earlier = first.get(share);
    if (!earlier) {
      first.set(share, layer);
      continue;
    }
    const same = mixer === earlier.mixer && JSON.stringify(options) === JSON.stringify(earlier.options);
    if (same) continue;
    const what = mixer === earlier.mixer ? 'with other options' : `of kind ${earlier.mixer}`;
    const message = `share: ${share} stands at an earlier layer ${what}; layers that share their parameters must be alike.`;
    return { layer, message };
  }
  return undefined;
}

/** Checkpoint name of one of a layer's parameters, which may lie at the first layer that has it. */
export function parameterName(layer: BuiltLayer, parameter: string): string {
  const own = layer.definition.perLayer?.(parameter) ?? false;
  return `${own ? layer.prefix : layer.home}.mixer.${parameter}`;
}

/** Whether the layer is the first that has the parameter: it is counted and kept there. */
export const isHome = (layer: BuiltLayer, parameter: string): boolean =>
  layer.home === layer.prefix || (layer.definition.perLayer?.(parameter) ?? false);
