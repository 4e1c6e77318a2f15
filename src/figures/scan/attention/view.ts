/**
 * @file Hidden attention beside attention: small multiples of every layer, the chosen matrix large, and what the token
 * at the playhead reads in each layer.
 */
import { number3, visible } from '../../core/format';
import { Ink, type Figure } from '../figure';
import { strongestKeys } from '../matrix';
import { chosenMatrix, type LayerMatrices, type NamedMatrix } from './data';
import { drawEntries } from './entries';
import { drawLarge } from './large';
import { drawMultiples } from './multiples';
import { pageOf, type AttentionOptions, type AttentionView, type Label } from './options';
import { drawProfiles } from './profiles';

export { pageOf, type AttentionOptions, type AttentionView } from './options';

export function drawAttention(
  layers: readonly LayerMatrices[],
  view: AttentionView,
  options: AttentionOptions,
): Figure {
  const { width, theme } = options;
  const ink = new Ink(theme);
  const wide = width >= 900;
  const label: Label = (t) => visible(options.tokens[t]?.label ?? '');
  const chosen = layers.find(({ layer }) => layer === view.layer) ?? layers[0]!;
  const matrix = chosenMatrix(chosen, view.matrix, view.measure);
  const right = wide ? Math.round(Math.min(470, width * 0.36)) : width;
  const left = wide ? width - right - 40 : width;
  const x0 = wide ? left + 40 : 0;
  const large = drawLarge(ink, { x: x0, width: right }, chosen, matrix, view, options, label);
  let profiles = drawProfiles(
    ink,
    { x: x0, y: large.bottom + 24, width: right },
    large,
    layers,
    view,
    options,
    label,
  );
  if (options.detail && matrix.edges)
    profiles = drawEntries(
      ink,
      { x: x0, y: profiles + 20, width: right },
      options.detail,
      view,
      options,
      label,
    );
  const top = wide ? 0 : profiles + 28;
  const bottom = drawMultiples(
    ink,
    { x: 0, y: top, width: left },
    pageOf(layers, chosen.layer),
    view,
    options,
  );
  const summary = summaryOf(matrix, chosen, view, label);
  return ink.figure(width, Math.max(profiles, bottom) + 8, summary);
}

function summaryOf(
  matrix: NamedMatrix,
  { layer, mixer }: LayerMatrices,
  view: AttentionView,
  label: Label,
): string {
  const [first, second] = strongestKeys(matrix, view.position, 2);
  if (!first) return '';
  const next = second ? `; the next is ${second.key} with ${number3(second.value)}` : '';
  return (
    `Layer ${layer}, ${mixer}, ${matrix.name}. Position ${view.position}, token ${label(view.position)}, reads most from ` +
    `position ${first.key}, token ${label(first.key)}, ${number3(first.value)}${next}.`
  );
}
