/** @file Draws a scene on a canvas. */
import { paintBands } from './bands';
import type { BandMark, Box, Mark, MarkerMark, Measure, Pixels, Scene, Stroke, TextMark } from './scene';
import { markerOutline } from './marker';

/** Makes a drawable of cells; kept per pixel array, so an unchanged heat map is uploaded once. */
const bitmaps = new WeakMap<Uint8ClampedArray, OffscreenCanvas>();
function bitmap({ data, width, height }: Pixels): OffscreenCanvas {
  let canvas = bitmaps.get(data);
  if (!canvas) {
    canvas = new OffscreenCanvas(width, height);
    const image = new ImageData(data as Uint8ClampedArray<ArrayBuffer>, width, height);
    canvas.getContext('2d')?.putImageData(image, 0, 0);
    bitmaps.set(data, canvas);
  }
  return canvas;
}

function setStroke(context: CanvasRenderingContext2D, stroke: Stroke): void {
  context.strokeStyle = stroke.color;
  context.lineWidth = stroke.width;
  context.setLineDash(stroke.dash ? [...stroke.dash] : []);
  if (stroke.opacity !== undefined) context.globalAlpha *= stroke.opacity;
}

function trace(context: CanvasRenderingContext2D, points: ArrayLike<number>, closed: boolean): void {
  context.beginPath();
  let down = false;
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i] as number;
    const y = points[i + 1] as number;
    if (Number.isNaN(y)) {
      if (closed && down) context.closePath();
      down = false;
    } else if (down) context.lineTo(x, y);
    else {
      context.moveTo(x, y);
      down = true;
    }
  }
  if (closed && down) context.closePath();
}

const font = (scene: Pick<Scene, 'fonts'>, size: number, weight = 400, family: 'ui' | 'mono' = 'ui') =>
  `${weight} ${size}px ${scene.fonts[family]}`;

/** Bands that follow each other are painted together. */
function drawMarks(
  context: CanvasRenderingContext2D,
  marks: readonly Mark[],
  scene: Scene,
  clip: Box | undefined,
): void {
  for (let i = 0; i < marks.length; i++) {
    const bands: BandMark[] = [];
    for (let mark = marks[i]; mark?.kind === 'band'; mark = marks[++i]) bands.push(mark);
    if (bands.length > 0) drawBands(context, bands, clip);
    const next = marks[i];
    if (next) drawMark(context, next, scene);
  }
}

function drawBands(
  context: CanvasRenderingContext2D,
  bands: readonly BandMark[],
  clip: Box | undefined,
): void {
  const ratio = Math.max(1, context.getTransform().a);
  const painted = paintBands(bands, ratio, clip);
  if (!painted) return;
  const { pixels, box } = painted;
  context.save();
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap(pixels), box.x, box.y, box.width, box.height);
  context.restore();
}

function drawMark(context: CanvasRenderingContext2D, mark: Mark, scene: Scene): void {
  context.save();
  switch (mark.kind) {
    case 'group':
      if (mark.opacity !== undefined) context.globalAlpha *= mark.opacity;
      if (mark.clip) {
        context.beginPath();
        context.rect(mark.clip.x, mark.clip.y, mark.clip.width, mark.clip.height);
        context.clip();
      }
      if (mark.shift) context.translate(...mark.shift);
      drawMarks(context, mark.marks, scene, mark.clip);
      break;
    case 'band':
      drawBands(context, [mark], undefined);
      break;
    case 'line':
      setStroke(context, mark.stroke);
      // Round joins cost much where a line has thousands of corners, and are seen only on few.
      context.lineJoin = mark.points.length > 400 ? 'bevel' : 'round';
      trace(context, mark.points, false);
      context.stroke();
      break;
    case 'area':
      if (mark.opacity !== undefined) context.globalAlpha *= mark.opacity;
      trace(context, mark.points, true);
      context.fillStyle = mark.fill;
      context.fill();
      if (mark.outline) {
        context.strokeStyle = mark.fill;
        context.lineWidth = mark.outline;
        context.stroke();
      }
      break;
    case 'rect':
      if (mark.opacity !== undefined) context.globalAlpha *= mark.opacity;
      context.beginPath();
      if (mark.radius) context.roundRect(mark.x, mark.y, mark.width, mark.height, mark.radius);
      else context.rect(mark.x, mark.y, mark.width, mark.height);
      if (mark.fill) {
        context.fillStyle = mark.fill;
        context.fill();
      }
      if (mark.stroke) {
        setStroke(context, mark.stroke);
        context.stroke();
      }
      break;
    case 'text':
      drawText(context, mark, scene);
      break;
    case 'marker':
      drawMarker(context, mark);
      break;
    case 'image':
      context.imageSmoothingEnabled = false;
      context.drawImage(bitmap(mark.pixels), mark.x, mark.y, mark.width, mark.height);
      break;
  }
  context.restore();
}

function drawText(context: CanvasRenderingContext2D, mark: TextMark, scene: Scene): void {
  context.font = font(scene, mark.size, mark.weight, mark.family);
  context.textAlign = mark.anchor === 'end' ? 'right' : mark.anchor === 'middle' ? 'center' : 'left';
  context.textBaseline = 'alphabetic';
  let text = mark.text;
  if (mark.maxWidth !== undefined && context.measureText(text).width > mark.maxWidth) {
    while (text.length > 1 && context.measureText(`${text}…`).width > mark.maxWidth) {
      text = text.slice(0, -1);
    }
    text = `${text.trimEnd()}…`;
  }
  if (mark.halo) {
    context.lineJoin = 'round';
    context.strokeStyle = mark.halo;
    context.lineWidth = 4;
    context.strokeText(text, mark.x, mark.y);
  }
  context.fillStyle = mark.color;
  context.fillText(text, mark.x, mark.y);
}

function drawMarker(context: CanvasRenderingContext2D, mark: MarkerMark): void {
  const outline = markerOutline(mark.shape, mark.x, mark.y, mark.radius);
  if (outline) trace(context, outline, true);
  else {
    context.beginPath();
    context.arc(mark.x, mark.y, mark.radius, 0, 2 * Math.PI);
  }
  if (mark.ring) {
    context.strokeStyle = mark.ring;
    context.lineWidth = 2;
    context.stroke();
  }
  context.fillStyle = mark.color;
  context.fill();
}

/** Sizes the canvas for `ratio` device pixels per CSS pixel and draws the scene over a cleared ground. */
export function drawScene(canvas: HTMLCanvasElement, scene: Scene, ratio = 1): void {
  const width = Math.max(1, Math.round(scene.width * ratio));
  const height = Math.max(1, Math.round(scene.height * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) return;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (scene.background) {
    context.fillStyle = scene.background;
    context.fillRect(0, 0, scene.width, scene.height);
  }
  drawMarks(context, scene.marks, scene, undefined);
}

/** Measures with the fonts that will be drawn; answers are kept, since the same labels come every frame. */
export function canvasMeasure(fonts: Scene['fonts']): Measure {
  const context = document.createElement('canvas').getContext('2d');
  const known = new Map<string, number>();
  return (text, size, weight = 400, family = 'ui') => {
    const key = `${size}|${weight}|${family}|${text}`;
    let width = known.get(key);
    if (width === undefined) {
      if (context) context.font = font({ fonts }, size, weight, family);
      width = context?.measureText(text).width ?? text.length * size * 0.6;
      if (known.size > 4000) known.clear();
      known.set(key, width);
    }
    return width;
  };
}
