/** @file Above the rows: positions, tokens, and an overview where not all positions fit. */
import { visible } from '../core/format';
import { fitText, type Mark, type Measure } from '../core/scene';
import { xOf, type SequenceView } from './layout';
import type { RowContext } from './rows';

export function tokenStrip(context: RowContext, view: SequenceView, measure: Measure): Mark[] {
  const { scan, layout, theme } = context;
  const { tokens } = scan.inspection;
  const scale = theme.fontSize / 13;
  const { y, height } = layout.tokens;
  const left = xOf(layout, layout.from);
  const right = xOf(layout, layout.to);
  const marks: Mark[] = [];
  // Cells share their borders.
  const border = { color: theme.border, width: 1 };
  marks.push({
    kind: 'rect',
    x: left - 0.5,
    y: y + 0.5,
    width: right - left + 1,
    height: height - 1,
    stroke: border,
  });
  if (layout.cell >= 7) {
    for (let t = layout.from + 1; t < layout.to; t++) {
      const at = Math.round(xOf(layout, t)) - 0.5;
      marks.push({ kind: 'line', points: [at, y + 1, at, y + height - 1], stroke: border });
    }
  }
  const largest = (layout.cell >= 14 ? 12 : Math.max(7.5, Math.min(11, layout.cell * 0.95))) * scale;
  // Cells too small for glyphs: the neighbourhood of the playhead is written larger, over the strip.
  const every = layout.cell >= 7;
  for (let t = layout.from; t < (every ? layout.to : layout.from); t++) {
    const text = visible(tokens[t]?.label ?? '');
    const room = layout.cell - 2;
    // Labels of several characters shrink before they are cut.
    const full = measure(text, largest, 400, 'mono');
    const size = Math.max(
      Math.min(largest, 7 * scale),
      Math.min(largest, (largest * room) / Math.max(1, full)),
    );
    marks.push({
      kind: 'text',
      x: xOf(layout, t) + layout.cell / 2,
      y: y + height / 2 + size * 0.36,
      text: fitText(text, room, size, (value, px) => measure(value, px, 400, 'mono')),
      size,
      family: 'mono',
      weight: t === view.position ? 700 : 400,
      color: theme.foreground,
      anchor: 'middle',
    });
  }
  if (!every && view.position >= layout.from && view.position < layout.to)
    marks.push(...ribbon(context, view, measure));
  // The answer's own position is marked as what was asked for.
  const target = scan.inspection.target?.position;
  if (target !== undefined && target >= layout.from && target < layout.to && target !== view.position) {
    marks.push({
      kind: 'rect',
      x: xOf(layout, target),
      y: y + 1,
      width: layout.cell - 1,
      height: height - 2,
      stroke: { color: theme.focus, width: 2 },
    });
  }
  if (
    view.linked !== undefined &&
    view.linked !== view.position &&
    view.linked >= layout.from &&
    view.linked < layout.to
  ) {
    marks.push({
      kind: 'rect',
      x: xOf(layout, view.linked),
      y: y + 1,
      width: layout.cell - 1,
      height: height - 2,
      stroke: { color: theme.focus, width: 1.5, dash: [2, 2] },
    });
  }
  return marks;
}

/** The tokens around the playhead in readable size, on the background. */
function ribbon({ scan, layout, theme }: RowContext, view: SequenceView, measure: Measure): Mark[] {
  const { tokens } = scan.inspection;
  const size = 12 * (theme.fontSize / 13);
  const label = (t: number): string => visible(tokens[t]?.label ?? '');
  const width = (text: string): number => measure(text, size, 400, 'mono');
  const gap = size * 0.45;
  const middle = xOf(layout, view.position) + layout.cell / 2;
  const left = xOf(layout, layout.from);
  const right = xOf(layout, layout.to);
  const y = layout.tokens.y + layout.tokens.height / 2 + size * 0.36;
  const own = width(label(view.position));
  const texts: Mark[] = [
    {
      kind: 'text',
      x: middle,
      y,
      text: label(view.position),
      size,
      family: 'mono',
      weight: 700,
      color: theme.foreground,
      anchor: 'middle',
    },
  ];
  const ends: [number, number] = [middle - own / 2, middle + own / 2];
  for (const direction of [-1, 1] as const) {
    for (let k = 1; k <= 8; k++) {
      const t = view.position + direction * k;
      if (t < 0 || t >= scan.length) break;
      const text = label(t);
      const wide = width(text) + gap;
      const next = direction < 0 ? ends[0] - wide : ends[1] + wide;
      if (next < left + 2 || next > right - 2) break;
      const x = direction < 0 ? next : ends[1] + gap;
      texts.push({ kind: 'text', x, y, text, size, family: 'mono', color: theme.secondary });
      ends[direction < 0 ? 0 : 1] = next;
    }
  }
  const box = {
    x: Math.round(ends[0] - 5) + 0.5,
    y: layout.tokens.y + 0.5,
    width: Math.round(ends[1] - ends[0] + 10),
    height: layout.tokens.height - 1,
  };
  return [
    { kind: 'rect', ...box, fill: theme.background, stroke: { color: theme.axis, width: 1 } },
    ...texts,
  ];
}

export function indices(context: RowContext, view: SequenceView, measure: Measure): Mark[] {
  const { layout, theme } = context;
  const scale = theme.fontSize / 13;
  const marks: Mark[] = [];
  const size = 11 * scale;
  const step =
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].find(
      (candidate) => candidate * layout.cell >= (layout.narrow ? 84 : 64),
    ) ?? 2048;
  const label = String(view.position);
  const width = Math.max(22, measure(label, size, 700) + 12);
  const centre = xOf(layout, view.position) + layout.cell / 2;
  const left = Math.max(0, Math.min(layout.width - width, centre - width / 2));
  const y = layout.indexY;
  const write = (t: number): void => {
    const at = xOf(layout, t) + layout.cell / 2;
    const half = measure(String(t), size) / 2;
    const inside = at + half <= layout.width && (layout.narrow ? at - half >= 0 : true);
    if (!inside || (at + half > left - 8 && at - half < left + width + 8)) return;
    marks.push({ kind: 'text', x: at, y, text: String(t), size, color: theme.secondary, anchor: 'middle' });
  };
  for (let t = Math.ceil(layout.from / step) * step; t < layout.to; t += step) {
    if (layout.to - 1 - t >= step * 0.6 || t === layout.to - 1) write(t);
  }
  if ((layout.to - 1) % step !== 0) write(layout.to - 1);
  marks.push({
    kind: 'rect',
    x: left,
    y: y - 12 * scale,
    width,
    height: 16 * scale,
    radius: 2,
    fill: theme.foreground,
  });
  marks.push({
    kind: 'text',
    x: left + width / 2,
    y,
    text: label,
    size,
    weight: 700,
    color: theme.background,
    anchor: 'middle',
  });
  return marks;
}

/** All positions at once, when not all are shown: largest Δ per pixel, and where the window lies. */
export function overview(context: RowContext): Mark[] {
  const { scan, layout, theme, channel, position } = context;
  if (!layout.overview) return [];
  const { y, height } = layout.overview;
  const left = xOf(layout, layout.from);
  const width = (layout.to - layout.from) * layout.cell;
  const per = scan.length / width;
  const { max } = scan.deltaQuantiles(channel);
  const outline: number[] = [left, y + height];
  for (let px = 0; px < width; px++) {
    let largest = 0;
    for (
      let t = Math.floor(px * per);
      t < Math.max(Math.floor(px * per) + 1, (px + 1) * per) && t < scan.length;
      t++
    )
      largest = Math.max(largest, scan.delta(t, channel));
    const at = y + height * (1 - (max > 0 ? Math.sqrt(largest / max) : 0));
    outline.push(left + px, at, left + px + 1, at);
  }
  outline.push(left + width, y + height);
  const x0 = left + layout.from / per;
  const now = left + (position + 0.5) / per;
  const size = 11 * (theme.fontSize / 13);
  return [
    { kind: 'area', points: outline, fill: theme.data, opacity: 0.6 },
    {
      kind: 'line',
      points: [left, y + height + 0.5, left + width, y + height + 0.5],
      stroke: { color: theme.axis, width: 1 },
    },
    {
      kind: 'rect',
      x: x0,
      y: y - 1,
      width: (layout.to - layout.from) / per,
      height: height + 2,
      stroke: { color: theme.focus, width: 1.5 },
    },
    { kind: 'line', points: [now, y, now, y + height], stroke: { color: theme.foreground, width: 1 } },
    ...(layout.narrow
      ? []
      : [
          {
            kind: 'text',
            x: 0,
            y: y + 10,
            text: `All ${scan.length} positions`,
            size: 12 * (theme.fontSize / 13),
            weight: 600,
            color: theme.foreground,
          } as const,
          {
            kind: 'text',
            x: 0,
            y: y + 24,
            text: 'Δ, square-root scale',
            size,
            color: theme.secondary,
          } as const,
        ]),
  ];
}
