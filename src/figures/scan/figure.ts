/** @file What every view of the panel is made of: a scene, what lies under the pointer, and words for it. */
import type { Box, Mark, Scene } from '../core/scene';
import type { Theme } from '../core/theme';

/** What a place stands for. Fields that are absent stay as they are when it is chosen. */
export interface Pick {
  readonly layer?: number;
  /** Channel or head whose matrix is meant; null is the mean. */
  readonly matrix?: number | null;
  readonly channel?: number;
  /** The playhead: the token that reads. */
  readonly position?: number;
  /** The other token: the one that is read. */
  readonly source?: number;
  /** Mode of a filter. */
  readonly mode?: number;
  /** Token of a grid. */
  readonly cell?: number;
  /** Step of training. */
  readonly frame?: number;
  /** Layer and matrix are those of the pinned side. */
  readonly pinned?: boolean;
  /** Shown beside the pointer. */
  readonly text: string;
}

export interface Region extends Box {
  at(x: number, y: number): Pick | undefined;
}

/** A square drawing of pairs of positions that can be zoomed: what its edges stand for. */
export interface Viewport extends Box {
  readonly query: number;
  readonly key: number;
  /** Positions along each side. */
  readonly size: number;
}

export interface Figure {
  readonly scene: Scene;
  readonly regions: readonly Region[];
  readonly viewports: readonly Viewport[];
  /** For people who do not see it. */
  readonly summary: string;
}

/** What lies under a point; regions that were added later lie above. */
export function pickAt(figure: Figure, x: number, y: number): Pick | undefined {
  for (let i = figure.regions.length - 1; i >= 0; i--) {
    const region = figure.regions[i]!;
    if (x < region.x || y < region.y || x >= region.x + region.width || y >= region.y + region.height)
      continue;
    const found = region.at(x - region.x, y - region.y);
    if (found) return found;
  }
  return undefined;
}

/** px around a figure. */
export const MARGIN = 8;

const shifted = <T extends Box>(box: T): T => ({ ...box, x: box.x + MARGIN, y: box.y + MARGIN });

/** Where a drawing begins, and how wide it may be; its height is what it needs. px. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Marks with the sizes and colours of a theme. */
export class Ink {
  readonly marks: Mark[] = [];
  readonly regions: Region[] = [];
  readonly viewports: Viewport[] = [];
  /** User's font size against 13 px. */
  readonly scale: number;

  constructor(readonly theme: Theme) {
    this.scale = theme.fontSize / 13;
  }

  add(...marks: readonly Mark[]): void {
    this.marks.push(...marks);
  }

  text(
    x: number,
    y: number,
    text: string,
    options: {
      size?: number;
      weight?: 400 | 600 | 700;
      color?: string;
      anchor?: 'start' | 'middle' | 'end';
      family?: 'ui' | 'mono';
      maxWidth?: number;
      halo?: boolean;
    } = {},
  ): void {
    const { size = 11, color = this.theme.secondary, halo, ...rest } = options;
    this.marks.push({
      kind: 'text',
      x,
      y,
      text,
      size: size * this.scale,
      color,
      ...rest,
      ...(halo ? { halo: this.theme.background } : {}),
    });
  }

  /** A title, and its unit or scale in the secondary colour behind it. */
  title(
    x: number,
    y: number,
    name: string,
    note: string,
    measure: (text: string, size: number, weight?: number) => number,
    maxWidth?: number,
  ): void {
    const size = 13 * this.scale;
    this.text(x, y, name, {
      size: 13,
      weight: 600,
      color: this.theme.foreground,
      ...(maxWidth ? { maxWidth } : {}),
    });
    const width = measure(name, size, 600) + 7;
    const room = maxWidth === undefined ? undefined : maxWidth - width;
    if (note === '' || (room !== undefined && room <= 40)) return;
    // Where all of the note has no room, its last parts go before its first is cut.
    const parts = note.split(' · ');
    const fits = (count: number): boolean =>
      room === undefined || measure(parts.slice(0, count).join(' · '), 12 * this.scale) <= room;
    let count = parts.length;
    while (count > 1 && !fits(count)) count--;
    const shown = parts.slice(0, count).join(' · ');
    this.text(x + width, y, shown, { size: 12, ...(room === undefined ? {} : { maxWidth: room }) });
  }

  line(points: readonly number[], color = this.theme.axis, width = 1, dash?: readonly number[]): void {
    this.marks.push({ kind: 'line', points, stroke: { color, width, ...(dash ? { dash } : {}) } });
  }

  /** A horizontal or vertical hairline on whole pixels. */
  hairline(
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    color = this.theme.axis,
    dash?: readonly number[],
  ): void {
    const at = (value: number): number => Math.round(value - 0.5) + 0.5;
    if (x0 === x1) this.line([at(x0), y0, at(x1), y1], color, 1, dash);
    else this.line([x0, at(y0), x1, at(y1)], color, 1, dash);
  }

  fill(x: number, y: number, width: number, height: number, fill: string, opacity = 1): void {
    this.marks.push({ kind: 'rect', x, y, width, height, fill, ...(opacity === 1 ? {} : { opacity }) });
  }

  frame(box: Box, color: string, width = 1, dash?: readonly number[]): void {
    this.marks.push({ kind: 'rect', ...box, stroke: { color, width, ...(dash ? { dash } : {}) } });
  }

  viewport(viewport: Viewport): void {
    this.viewports.push(viewport);
  }

  region(box: Box, at: Region['at']): void {
    this.regions.push({ x: box.x, y: box.y, width: box.width, height: box.height, at });
  }

  /** The finished figure, with room around it for outlines that lie outside of what they mark. */
  figure(width: number, height: number, summary: string): Figure {
    return {
      scene: {
        width: width + 2 * MARGIN,
        height: Math.ceil(height) + MARGIN,
        fonts: this.theme.fonts,
        marks: [{ kind: 'group', shift: [MARGIN, MARGIN], marks: this.marks }],
      },
      regions: this.regions.map(shifted),
      viewports: this.viewports.map(shifted),
      summary,
    };
  }
}
