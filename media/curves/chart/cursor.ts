/** @file Pointer position shared by all charts; changes far more often than the model. */
import { FrameSource } from '../../shared/hooks';

export class Cursor extends FrameSource {
  at: number | undefined;
  hovered: string | undefined;
  drag: { chart: string; x0: number; x1: number; y0?: number; y1?: number } | undefined;

  set(patch: Partial<Pick<Cursor, 'at' | 'hovered' | 'drag'>>): void {
    Object.assign(this, patch);
    this.notify();
  }
}
