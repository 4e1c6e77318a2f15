/** @file The two orders of batch and time. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';

/** (batch, time, …) ↔ (time, batch, …) */
export const timeMajor = (x: Tensor): Tensor =>
  g.transpose(
    x,
    x.shape.map((_, i) => (i < 2 ? 1 - i : i)),
  );
