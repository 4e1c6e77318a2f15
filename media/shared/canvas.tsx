/** @file A canvas that shows a scene at the device's resolution. */
import type { JSX, Ref } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { drawScene } from '../../src/figures/core/canvas';
import type { Scene } from '../../src/figures/core/scene';

export function SceneCanvas(props: {
  scene: Scene;
  class?: string;
  canvasRef?: Ref<HTMLCanvasElement>;
}): JSX.Element {
  const own = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (own.current) paint(own.current, props.scene);
  }, [props.scene]);
  return <canvas ref={own} class={props.class} aria-hidden="true" />;
}

/** Draws and sizes; sizes are set as properties, which the content security policy allows. */
export function paint(canvas: HTMLCanvasElement, scene: Scene): void {
  const width = `${scene.width}px`;
  const height = `${scene.height}px`;
  if (canvas.style.width !== width) canvas.style.width = width;
  if (canvas.style.height !== height) canvas.style.height = height;
  drawScene(canvas, scene, window.devicePixelRatio || 1);
}

/** Renders a scene off screen as PNG bytes with `ratio` pixels per CSS pixel. */
export async function sceneToPng(scene: Scene, ratio = 2): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = document.createElement('canvas');
  drawScene(canvas, scene, ratio);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('The picture could not be made.');
  return new Uint8Array(await blob.arrayBuffer());
}
