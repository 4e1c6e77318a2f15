/** @file Several charts on one sheet: the first across, the others in a row below. */
import type { Mark, Scene } from '../core/scene';
import type { Theme } from '../core/theme';

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly scene: Scene;
}

const margin = 16;
const titleHeight = 24;
const gap = 16;

/** Moves a mark; scenes are small, so a copy costs nothing. */
export function shift(mark: Mark, dx: number, dy: number): Mark {
  switch (mark.kind) {
    case 'line':
    case 'area': {
      const points = Array.from(mark.points, (value, index) => value + (index % 2 === 0 ? dx : dy));
      return { ...mark, points };
    }
    case 'band':
      return {
        ...mark,
        xs: mark.xs.map((x) => x + dx),
        upper: mark.upper.map((y) => y + dy),
        lower: mark.lower.map((y) => y + dy),
      };
    case 'group':
      return {
        ...mark,
        ...(mark.clip ? { clip: { ...mark.clip, x: mark.clip.x + dx, y: mark.clip.y + dy } } : {}),
        marks: mark.marks.map((child) => shift(child, dx, dy)),
      };
    default:
      return { ...mark, x: mark.x + dx, y: mark.y + dy };
  }
}

export function sheet(
  panels: readonly Panel[],
  theme: Theme,
  about: { title: string; description: string },
): Scene {
  const marks: Mark[] = [];
  let x = margin;
  let y = margin;
  let width = 0;
  let rowHeight = 0;
  panels.forEach((panel, index) => {
    if (index === 1) {
      x = margin;
      y += rowHeight + gap;
      rowHeight = 0;
    }
    marks.push({
      kind: 'text',
      x,
      y: y + 13,
      text: panel.title,
      size: theme.fontSize,
      weight: 600,
      color: theme.foreground,
    });
    const offset = panel.title.length * theme.fontSize * 0.6 + 8;
    marks.push({
      kind: 'text',
      x: x + Math.ceil(offset),
      y: y + 13,
      text: panel.unit,
      size: theme.fontSize - 2,
      color: theme.secondary,
    });
    for (const mark of panel.scene.marks) marks.push(shift(mark, x, y + titleHeight));
    rowHeight = Math.max(rowHeight, titleHeight + panel.scene.height);
    x += panel.scene.width + 22;
    width = Math.max(width, x - 22 + margin);
  });
  return {
    width,
    height: y + rowHeight + margin,
    background: theme.background,
    fonts: theme.fonts,
    marks,
    title: about.title,
    description: about.description,
  };
}
