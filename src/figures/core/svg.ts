/** @file Writes a scene as SVG text. Text stays text; heat maps are embedded without loss. */
import type { Mark, Scene, Stroke } from './scene';
import { markerOutline } from './marker';
import { pngDataUri } from './png';

const escape = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** Coordinates to a hundredth of a pixel; more digits only make files larger. */
const n = (value: number): string => String(Math.round(value * 100) / 100);

function stroke(s: Stroke): string {
  const dash = s.dash?.length ? ` stroke-dasharray="${s.dash.map(n).join(' ')}"` : '';
  const opacity = s.opacity === undefined ? '' : ` stroke-opacity="${n(s.opacity)}"`;
  return `stroke="${escape(s.color)}" stroke-width="${n(s.width)}"${dash}${opacity}`;
}

function path(points: ArrayLike<number>, closed: boolean): string {
  let d = '';
  let down = false;
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i] as number;
    const y = points[i + 1] as number;
    if (Number.isNaN(y)) {
      if (closed && down) d += 'Z';
      down = false;
    } else {
      d += `${down ? 'L' : 'M'}${n(x)} ${n(y)}`;
      down = true;
    }
  }
  return closed && down ? `${d}Z` : d;
}

class Writer {
  readonly out: string[] = [];
  private clips = 0;

  mark(mark: Mark, scene: Scene): void {
    switch (mark.kind) {
      case 'group': {
        let clip = '';
        if (mark.clip) {
          const id = `clip${this.clips++}`;
          const { x, y, width, height } = mark.clip;
          this.out.push(
            `<clipPath id="${id}"><rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}"/></clipPath>`,
          );
          clip = ` clip-path="url(#${id})"`;
        }
        const shift = mark.shift ? ` transform="translate(${n(mark.shift[0])} ${n(mark.shift[1])})"` : '';
        this.out.push(
          `<g${clip}${shift}${mark.opacity === undefined ? '' : ` opacity="${n(mark.opacity)}"`}>`,
        );
        for (const child of mark.marks) this.mark(child, scene);
        this.out.push('</g>');
        return;
      }
      case 'line':
        this.out.push(
          `<path d="${path(mark.points, false)}" fill="none" stroke-linejoin="round" ${stroke(mark.stroke)}/>`,
        );
        return;
      case 'area': {
        const outline = mark.outline
          ? ` stroke="${escape(mark.fill)}" stroke-width="${n(mark.outline)}"`
          : '';
        this.out.push(
          `<path d="${path(mark.points, true)}" fill="${escape(mark.fill)}"${outline} opacity="${n(mark.opacity ?? 1)}"/>`,
        );
        return;
      }
      case 'band': {
        const outline: number[] = [];
        mark.xs.forEach((x, i) => outline.push(x + 0.5, mark.upper[i] as number));
        for (let i = mark.xs.length - 1; i >= 0; i--)
          outline.push((mark.xs[i] as number) + 0.5, mark.lower[i] as number);
        this.out.push(
          `<path d="${path(outline, true)}" fill="${escape(mark.fill)}" opacity="${n(mark.opacity)}"/>`,
        );
        return;
      }
      case 'rect':
        this.out.push(
          `<rect x="${n(mark.x)}" y="${n(mark.y)}" width="${n(mark.width)}" height="${n(mark.height)}"` +
            `${mark.radius ? ` rx="${n(mark.radius)}"` : ''} fill="${escape(mark.fill ?? 'none')}"` +
            `${mark.stroke ? ` ${stroke(mark.stroke)}` : ''}${mark.opacity === undefined ? '' : ` opacity="${n(mark.opacity)}"`}/>`,
        );
        return;
      case 'text': {
        const halo = mark.halo
          ? ` stroke="${escape(mark.halo)}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"`
          : '';
        this.out.push(
          `<text x="${n(mark.x)}" y="${n(mark.y)}" font-size="${n(mark.size)}" font-weight="${mark.weight ?? 400}"` +
            ` text-anchor="${mark.anchor ?? 'start'}" fill="${escape(mark.color)}"${halo}` +
            `${mark.family === 'mono' ? ` font-family="${escape(scene.fonts.mono)}"` : ''}>${escape(mark.text)}</text>`,
        );
        return;
      }
      case 'marker': {
        const ring = mark.ring ? ` stroke="${escape(mark.ring)}" stroke-width="2" paint-order="stroke"` : '';
        const outline = markerOutline(mark.shape, mark.x, mark.y, mark.radius);
        this.out.push(
          outline
            ? `<path d="${path(outline, true)}" fill="${escape(mark.color)}"${ring}/>`
            : `<circle cx="${n(mark.x)}" cy="${n(mark.y)}" r="${n(mark.radius)}" fill="${escape(mark.color)}"${ring}/>`,
        );
        return;
      }
      case 'image':
        this.out.push(
          `<image x="${n(mark.x)}" y="${n(mark.y)}" width="${n(mark.width)}" height="${n(mark.height)}"` +
            ` preserveAspectRatio="none" image-rendering="pixelated" href="${pngDataUri(mark.pixels)}"/>`,
        );
        return;
    }
  }
}

/** The scene as an SVG document; `millimetres` sets the printed width. */
export function sceneToSvg(scene: Scene, millimetres?: number): string {
  const writer = new Writer();
  for (const mark of scene.marks) writer.mark(mark, scene);
  const size = millimetres
    ? `width="${n(millimetres)}mm" height="${n((millimetres * scene.height) / scene.width)}mm"`
    : `width="${n(scene.width)}" height="${n(scene.height)}"`;
  const ground = scene.background
    ? `<rect width="100%" height="100%" fill="${escape(scene.background)}"/>\n`
    : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${n(scene.width)} ${n(scene.height)}"` +
    ` font-family="${escape(scene.fonts.ui)}">\n` +
    (scene.title ? `<title>${escape(scene.title)}</title>\n` : '') +
    (scene.description ? `<desc>${escape(scene.description)}</desc>\n` : '') +
    ground +
    `${writer.out.join('\n')}\n</svg>\n`
  );
}
