/** @file Playing: tokens of the sequence, steps of the routes, probes of training. */
import { stepsOf } from '../../src/figures/scan/order/options';
import { reducedMotion } from '../shared/motion';
import type { ScanModel } from './model';

const speeds = [1, 2, 4, 8, 16];

/** Grid cells that a playing route passes in a second. */
const CELLS_PER_SECOND = 20;

export class Playback {
  playing = false;
  private timer: number | undefined;

  constructor(private readonly model: ScanModel) {}

  /** What Space does: play or pause; where motion is reduced, one step. */
  toggle(): void {
    if (!reducedMotion()) this.play();
    else {
      // It may have begun before motion was reduced.
      if (this.playing) this.play(false);
      if (!this.atEnd()) this.step();
    }
  }

  play(playing = !this.playing): void {
    const { model } = this;
    if (this.timer !== undefined) window.clearInterval(this.timer);
    this.timer = undefined;
    this.playing = playing;
    if (!playing) {
      model.notify();
      return;
    }
    const { view, speed } = model.state;
    if (this.atEnd()) this.rewind();
    this.timer = window.setInterval(
      () => {
        if (this.atEnd()) this.play(false);
        else this.step();
      },
      1000 / (view === 'order' ? CELLS_PER_SECOND : speed),
    );
    model.notify();
  }

  changeSpeed(by: number): void {
    const { model } = this;
    const at = Math.max(0, speeds.indexOf(model.state.speed));
    model.patch({ speed: speeds[Math.max(0, Math.min(speeds.length - 1, at + by))] ?? 4 });
    if (this.playing) this.play(true);
  }

  /** Positions from one step to the next: playing the sequence goes the way of the scan. */
  get stride(): 1 | -1 {
    return this.model.state.view === 'sequence' ? (this.model.active?.stride ?? 1) : 1;
  }

  private step(): void {
    const { model } = this;
    const { view } = model.state;
    if (view === 'order') model.cursor.moveStep(1);
    else if (view === 'training') model.replay.move(1);
    else model.cursor.moveTo(model.position + this.stride, !this.playing);
  }

  private atEnd(): boolean {
    const { model } = this;
    const { view, order } = model.state;
    if (view === 'order') return order.step >= stepsOf(order) - 1;
    if (view === 'training') return model.replay.index >= model.replay.frames.length - 1;
    return model.position === (this.stride > 0 ? model.length - 1 : 0);
  }

  private rewind(): void {
    const { model } = this;
    const { view, order } = model.state;
    if (view === 'order') model.patch({ order: { ...order, step: 0 } });
    else if (view === 'training') model.patch({ frame: model.replay.frames[0]?.step ?? null });
    else model.cursor.moveTo(this.stride > 0 ? 0 : model.length - 1, false);
  }
}
