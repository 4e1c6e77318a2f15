/** @file How much of the output comes from how far back. */
import { number3, visible } from '../../core/format';
import { fitText } from '../../core/scene';
import { integerTicks } from '../../core/ticks';
import type { Ink, Place } from '../figure';
import { largest } from '../matrix';
import type { MemoryOptions, MemoryView } from './options';
import { within } from './reach';
import type { MemorySource } from './source';
import { reachWords } from './words';

/** Contribution by distance of the chosen layer, and of the others where the survey has it for each token. */
export function drawDistances(
  ink: Ink,
  source: MemorySource,
  place: Place,
  view: MemoryView,
  { measureText, surveys }: MemoryOptions,
): number {
  const { theme, scale } = ink;
  ink.title(
    place.x,
    place.y,
    'Contribution by distance',
    'tokens before the playhead, square root · line: running share · dots: 50, 90 %',
    measureText,
    place.width,
  );
  const { layer } = source;
  // Of layers that read both ways, what lies before the playhead.
  const own = Array.from(source.contribution(view.position)).slice(0, view.position + 1);
  const rows: { layer: number; values: ArrayLike<number> }[] = [{ layer, values: own }];
  for (const survey of surveys) {
    const matrix = survey.probes['contribution'];
    if (survey.layer === layer || survey.edges || !matrix || survey.causal === false) continue;
    const length = matrix.shape[0]!;
    if (length !== source.length) continue;
    rows.push({
      layer: survey.layer,
      values: matrix.data.subarray(view.position * length, view.position * length + view.position + 1),
    });
  }
  rows.sort((a, b) => a.layer - b.layer);
  const around = Math.max(0, Math.min(rows.length - 6, rows.findIndex((row) => row.layer === layer) - 2));
  const gutter = 74 * scale;
  const x0 = place.x + gutter;
  const width = place.width - gutter;
  const count = view.position + 1;
  const each = width / count;
  let y = place.y + 30 * scale;
  const height = 64 * scale;
  for (const row of rows.slice(around, around + 6)) {
    const most = largest(row.values);
    let total = 0;
    for (let j = 0; j < count; j++) total += row.values[j]!;
    const bars = Math.min(count, Math.floor(width));
    const per = count / bars;
    for (let k = 0; k < (most > 0 ? bars : 0); k++) {
      let value = 0;
      for (let j = Math.floor(k * per); j < Math.max(Math.floor(k * per) + 1, Math.floor((k + 1) * per)); j++)
        value = Math.max(value, row.values[j]!);
      // As the text's colours: one token that outweighs the rest does not hide it.
      const tall = Math.sqrt(value / most) * (height - 6);
      ink.fill(
        x0 + (k * width) / bars,
        y + height - tall,
        Math.max(0.7, (width / bars) * 0.76),
        Math.max(0.5, tall),
        theme.data,
      );
    }
    ink.hairline(x0, y + height, x0 + width, y + height);
    // Running share, from the playhead back.
    const line: number[] = [];
    let sum = 0;
    for (let d = 0; d < count; d++) {
      sum += row.values[count - 1 - d]!;
      line.push(x0 + width - (d + 0.5) * each, y + height - (total > 0 ? sum / total : 0) * (height - 6));
    }
    if (count > 1) ink.line(line, theme.foreground, 1);
    // On the line, where it has passed the share; one dot where one token brings both.
    for (const d of new Set(total > 0 ? [0.5, 0.9].map((share) => within(row.values, share)) : []))
      ink.add({
        kind: 'marker',
        x: line[2 * d]!,
        y: line[2 * d + 1]!,
        shape: 'circle',
        radius: 3,
        color: theme.foreground,
        ring: theme.background,
      });
    const words = reachWords(row.values, (at) => source.tokens[at]?.label ?? '');
    // Where all of it has no room, its second half goes before the first is cut.
    const fitting = measureText(words, 11 * scale) <= width ? words : words.split(' · ')[0]!;
    ink.text(x0, y - 5 * scale, fitText(fitting, width, 11 * scale, measureText), {
      color: theme.foreground,
    });
    ink.text(x0 - 6, y + 14 * scale, `layers.${row.layer}`, {
      anchor: 'end',
      weight: row.layer === layer ? 700 : 400,
      color: theme.foreground,
    });
    const largestText = `max ${number3(most)}`;
    const fits = measureText(largestText, 11 * scale) <= gutter - 8;
    ink.text(x0 - 6, y + 28 * scale, fits ? largestText : number3(most), { anchor: 'end' });
    ink.region({ x: x0, y, width, height }, (px) => {
      const j = Math.max(0, Math.min(count - 1, Math.floor(px / each)));
      return {
        layer: row.layer,
        source: j,
        text: `${count - 1 - j} back: ${j} “${visible(source.tokens[j]?.label ?? '')}” · ${number3(row.values[j]!)}`,
      };
    });
    y += height + 28 * scale;
  }
  for (const { value: d, label } of integerTicks(count - 1, width < 420 ? 4 : 8))
    ink.text(x0 + width - (d + 0.5) * each, y - 10 * scale, d === 0 ? '0' : `−${label}`, {
      anchor: d === 0 && each < 12 ? 'end' : 'middle',
    });
  return y + 4;
}
