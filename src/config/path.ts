/** @file Paths as people write them: `model.layers.0.d_state`. */
import type { Path } from './node';

/** @returns the steps, or undefined when a step is empty (`model..d_model`, `.x`). */
export function parsePath(text: string): Path | undefined {
  const steps = text.trim().split('.');
  if (steps.some((step) => step === '')) return undefined;
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

export const formatPath = (path: Path): string => path.join('.');

export const startsWith = (path: Path, prefix: Path): boolean =>
  prefix.every((step, index) => path[index] === step);
