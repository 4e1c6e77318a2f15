/**
 * @file Hidden attention beside attention: small multiples of every layer, the chosen matrix large, and what the token
 * at the playhead reads in each layer. With a pinned matrix, both large beside each other under one cursor.
 */
import { number3, visible } from '../../core/format';
import { Ink, type Figure } from '../figure';
import { cellOf, strongestKeys } from '../matrix';
import { chosenMatrix, type LayerMatrices } from './data';
import { drawEntries } from './entries';
import { drawLarge, lengthOf } from './large';
import { drawMultiples } from './multiples';
import { pageOf, type AttentionOptions, type AttentionView, type Label } from './options';
import { drawPair } from './pair';
import { pinnedSide, type Side } from './pinned';
import { drawProfiles, type Profile } from './profiles';

export { pageOf, type AttentionOptions, type AttentionView } from './options';

export function drawAttention(
  layers: readonly LayerMatrices[],
  view: AttentionView,
  options: AttentionOptions,
): Figure {
  const ink = new Ink(options.theme);
  const label: Label = (t) => visible(options.tokens[t]?.label ?? '');
  const layer = layers.find((one) => one.layer === view.layer) ?? layers[0]!;
  const matrix = chosenMatrix(layer, view.matrix, view.measure);
  const own: Side = { layers, layer, matrix, name: options.name ?? '', detail: options.detail };
  const { pin } = options;
  const found = pin && pinnedSide(pin.pin, pin.layers, own, view.measure);
  const other = found && { ...found, detail: pin?.detail };
  const height = other
    ? drawPair(ink, own, other, view, options, label)
    : drawOne(ink, own, view, options, label);
  const summary = [summaryOf(own, view, label), other ? compareOf(own, other, view) : '']
    .filter(Boolean)
    .join(' ');
  return ink.figure(options.width, height + 8, summary);
}

/** The chosen matrix at the right, all matrices at the left; below each other where there is no room. */
function drawOne(ink: Ink, own: Side, view: AttentionView, options: AttentionOptions, label: Label): number {
  const { width } = options;
  const wide = width >= 900;
  const right = wide ? Math.round(Math.min(470, width * 0.36)) : width;
  const left = wide ? width - right - 40 : width;
  const x = wide ? left + 40 : 0;
  const how = { ...options, max: own.matrix.max, length: lengthOf(own) };
  const large = drawLarge(ink, { x, y: 0, width: right }, own, view, how, label);
  const place = { x, y: large.bottom + 24, width: right };
  let bottom = drawProfiles(ink, place, large, profilesOf(own, view), view, options, label);
  if (options.detail && own.matrix.edges && !view.window)
    bottom = drawEntries(ink, { x, y: bottom + 20, width: right }, options.detail, view, options, label);
  const multiples = drawMultiples(
    ink,
    { x: 0, y: wide ? 0 : bottom + 28, width: left },
    pageOf(own.layers, own.layer.layer),
    view,
    options,
  );
  return Math.max(bottom, multiples);
}

/** One row of every layer: of the chosen matrix, and of the mean of the others. */
function profilesOf({ layers, layer: chosen, matrix }: Side, view: AttentionView): Profile[] {
  return pageOf(layers, view.layer)
    .slice(0, 8)
    .map((layer) => {
      const strong = layer.layer === chosen.layer;
      const own = strong ? matrix : view.measure === 'contribution' ? layer.contribution : layer.mean;
      const mean = view.measure === 'contribution' ? layer.mixer : 'mean';
      return {
        layer: layer.layer,
        matrix: own,
        name: `layers.${layer.layer}`,
        note: strong && own.index !== null ? own.name : mean,
        strong,
      };
    });
}

function summaryOf({ matrix, layer: { layer, mixer } }: Side, view: AttentionView, label: Label): string {
  const [first, second] = strongestKeys(matrix, view.position, 2);
  if (!first) return '';
  const next = second ? `; the next is ${second.key} with ${number3(second.value)}` : '';
  return (
    `Layer ${layer}, ${mixer}, ${matrix.name}. Position ${view.position}, token ${label(view.position)}, reads most from ` +
    `position ${first.key}, token ${label(first.key)}, ${number3(first.value)}${next}.`
  );
}

/** The same entry on the pinned side. */
function compareOf(own: Side, { matrix, layer, name }: Side, view: AttentionView): string {
  const key = view.source ?? strongestKeys(own.matrix, view.position, 1)[0]?.key ?? 0;
  const at = ({ matrix: m }: Pick<Side, 'matrix'>): number =>
    m.data[cellOf(m, view.position) * m.size + cellOf(m, key)]!;
  return (
    `Pinned: ${name}, layer ${layer.layer}, ${layer.mixer}, ${matrix.name}: ${number3(at({ matrix }))} ` +
    `from position ${key}, against ${number3(at(own))}.`
  );
}
