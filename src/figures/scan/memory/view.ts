/**
 * @file How far back a layer reaches: what of this text it still holds at the playhead, by token and by distance,
 * where it was written and forgotten, and the half-lives of all its states.
 */
import { visible } from '../../core/format';
import { Ink, type Figure } from '../figure';
import { drawDistances } from './distances';
import { drawEvents } from './events';
import { drawHorizons } from './horizons';
import type { MemoryOptions, MemoryView } from './options';
import type { MemorySource } from './source';
import { drawText } from './text';
import { reachWords } from './words';

export function drawMemory(source: MemorySource, view: MemoryView, options: MemoryOptions): Figure {
  const { width, theme } = options;
  const ink = new Ink(theme);
  const wide = width >= 900;
  const right = wide ? Math.min(420, Math.round(width * 0.34)) : width;
  const left = wide ? width - right - 48 : width;
  let y = drawText(ink, source, { x: 0, y: 0, width: left }, view, options);
  for (const strip of source.strips)
    y = drawEvents(ink, source, strip, { x: 0, y: y + 20, width: left }, view, options);
  y = drawDistances(ink, source, { x: 0, y: y + 24, width: left }, view, options);
  const horizon = drawHorizons(
    ink,
    source,
    { x: wide ? left + 48 : 0, y: wide ? 0 : y + 28, width: right },
    options,
  );
  return ink.figure(width, Math.max(y, horizon) + 8, summaryOf(source, view));
}

function summaryOf(source: MemorySource, { position }: MemoryView): string {
  const parts = source.contribution(position);
  const { layer, tokens } = source;
  const before = Float64Array.from({ length: position + 1 }, (_, j) => parts[j] ?? 0);
  return (
    `Layer ${layer}. Contribution at position ${position} of ${source.length - 1}, token ` +
    `${visible(tokens[position]?.label ?? '')}: ${reachWords(before, (at) => tokens[at]?.label ?? '').replace(' · ', '; ')}.`
  );
}
