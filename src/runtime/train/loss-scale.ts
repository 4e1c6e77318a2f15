/**
 * @file Dynamic loss scaling of mixed precision (Micikevicius et al., 2018), with the constants of PyTorch's
 * GradScaler: small gradients would be zero in halves, so the loss is multiplied by as much as they can hold.
 */

export interface LossScaleState {
  readonly value: number;
  /** Steps since the last overflow or growth. */
  readonly since: number;
}

export const INITIAL_LOSS_SCALE: LossScaleState = { value: 2 ** 16, since: 0 };
const GROWTH_INTERVAL = 2000;
const LARGEST = 2 ** 24;

/** After a step whose gradients were finite. */
export function afterGoodStep({ value, since }: LossScaleState): LossScaleState {
  const grows = since + 1 === GROWTH_INTERVAL;
  return grows ? { value: Math.min(LARGEST, 2 * value), since: 0 } : { value, since: since + 1 };
}

/** After an overflow; undefined when the scale is not what makes gradients overflow. */
export function afterOverflow({ value }: LossScaleState): LossScaleState | undefined {
  return value > 1 ? { value: value / 2, since: 0 } : undefined;
}
