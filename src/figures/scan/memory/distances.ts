/** @file How much of the output comes from how far back. */
import { number3, visible } from '../../core/format';
import { fitText, type Box, type Measure } from '../../core/scene';
import { integerTicks } from '../../core/ticks';
import type { Ink, Pick, Place } from '../figure';
import { largest } from '../matrix';
import type { MemoryOptions, MemoryView } from './options';
import { within } from './reach';
import type { MemorySource } from './source';
import { reachWords } from './words';

/** Layers that are drawn at once. */
const LAYERS = 6;

/** A layer and what each token up to the playhead contributes in it. */
interface Row {
  readonly layer: number;
  readonly values: ArrayLike<number>;
}

/** Contribution by distance of the chosen layer, and of the others where the survey has it for each token. */
export function drawDistances(
  ink: Ink,
  source: MemorySource,
  place: Place,
  view: MemoryView,
  { measureText, surveys }: MemoryOptions,
): number {
  const { scale } = ink;
  ink.title(
    place.x,
    place.y,
    'Contribution by distance',
    'tokens before the playhead, square root · line: running share · dots: 50, 90 %',
    measureText,
    place.width,
  );
  const rows = rowsOf(source, view.position, surveys);
  const chosen = rows.findIndex(({ layer }) => layer === source.layer);
  const from = Math.max(0, Math.min(rows.length - LAYERS, chosen - 2));
  const gutter = 74 * scale;
  const width = place.width - gutter;
  const count = view.position + 1;
  const each = width / count;
  const height = 64 * scale;
  const pitch = height + 28 * scale;
  let box = { x: place.x + gutter, y: place.y + 30 * scale, width, height };
  for (const row of rows.slice(from, from + LAYERS)) {
    const most = largest(row.values);
    drawBars(ink, box, row.values, most);
    drawShare(ink, box, row.values);
    drawWords(ink, box, row, most, source, { gutter, measureText });
    ink.region(box, (px) => pickOf(source, row, Math.max(0, Math.min(count - 1, Math.floor(px / each)))));
    box = { ...box, y: box.y + pitch };
  }
  for (const { value: d, label } of integerTicks(count - 1, width < 420 ? 4 : 8))
    ink.text(box.x + width - (d + 0.5) * each, box.y - 10 * scale, d === 0 ? '0' : `−${label}`, {
      anchor: d === 0 && each < 12 ? 'end' : 'middle',
    });
  return box.y + 4;
}

function rowsOf(source: MemorySource, position: number, surveys: MemoryOptions['surveys']): Row[] {
  // Of layers that read both ways, what lies before the playhead.
  const own = Array.from(source.contribution(position)).slice(0, position + 1);
  const rows: Row[] = [{ layer: source.layer, values: own }];
  for (const { layer, probes, edges, causal } of surveys) {
    const matrix = probes['contribution'];
    if (layer === source.layer || edges || !matrix || causal === false) continue;
    const length = matrix.shape[0]!;
    if (length !== source.length) continue;
    const start = position * length;
    rows.push({ layer, values: matrix.data.subarray(start, start + position + 1) });
  }
  return rows.sort((a, b) => a.layer - b.layer);
}

/** A bar per token, or per pixel the largest of its tokens. */
function drawBars(ink: Ink, { x, y, width, height }: Box, values: ArrayLike<number>, most: number): void {
  if (most <= 0) return;
  const bars = Math.min(values.length, Math.floor(width));
  const per = values.length / bars;
  for (let k = 0; k < bars; k++) {
    const first = Math.floor(k * per);
    let value = 0;
    for (let j = first; j < Math.max(first + 1, Math.floor((k + 1) * per)); j++)
      value = Math.max(value, values[j]!);
    // As the text's colours: one token that outweighs the rest does not hide it.
    const tall = Math.sqrt(value / most) * (height - 6);
    ink.fill(
      x + (k * width) / bars,
      y + height - tall,
      Math.max(0.7, (width / bars) * 0.76),
      Math.max(0.5, tall),
      ink.theme.data,
    );
  }
}

/** The ground and the running share, from the playhead back, with dots where it has passed a half and nine tenths. */
function drawShare(ink: Ink, { x, y, width, height }: Box, values: ArrayLike<number>): void {
  const { theme } = ink;
  ink.hairline(x, y + height, x + width, y + height);
  const count = values.length;
  const each = width / count;
  let total = 0;
  for (let j = 0; j < count; j++) total += values[j]!;
  const line: number[] = [];
  let sum = 0;
  for (let d = 0; d < count; d++) {
    sum += values[count - 1 - d]!;
    line.push(x + width - (d + 0.5) * each, y + height - (total > 0 ? sum / total : 0) * (height - 6));
  }
  if (count > 1) ink.line(line, theme.foreground, 1);
  // On the line; one dot where one token brings both.
  for (const d of new Set(total > 0 ? [0.5, 0.9].map((share) => within(values, share)) : []))
    ink.add({
      kind: 'marker',
      x: line[2 * d]!,
      y: line[2 * d + 1]!,
      shape: 'circle',
      radius: 3,
      color: theme.foreground,
      ring: theme.background,
    });
}

/** Above the bars how far back they reach, beside them which layer it is and its largest contribution. */
function drawWords(
  ink: Ink,
  { x, y, width }: Box,
  { layer, values }: Row,
  most: number,
  source: MemorySource,
  { gutter, measureText }: { readonly gutter: number; readonly measureText: Measure },
): void {
  const { theme, scale } = ink;
  const size = 11 * scale;
  const words = reachWords(values, (at) => source.tokens[at]?.label ?? '');
  // Where all of it has no room, its second half goes before the first is cut.
  const fitting = measureText(words, size) <= width ? words : words.split(' · ')[0]!;
  ink.text(x, y - 5 * scale, fitText(fitting, width, size, measureText), { color: theme.foreground });
  ink.text(x - 6, y + 14 * scale, `layers.${layer}`, {
    anchor: 'end',
    weight: layer === source.layer ? 700 : 400,
    color: theme.foreground,
  });
  const largestText = `max ${number3(most)}`;
  const fits = measureText(largestText, size) <= gutter - 8;
  ink.text(x - 6, y + 28 * scale, fits ? largestText : number3(most), { anchor: 'end' });
}

const pickOf = ({ tokens }: MemorySource, { layer, values }: Row, at: number): Pick => ({
  layer,
  source: at,
  text: `${values.length - 1 - at} back: ${at} “${visible(tokens[at]?.label ?? '')}” · ${number3(values[at]!)}`,
});
