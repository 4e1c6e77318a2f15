/** @file How a layer says what a view can look at. */
import type { ProbeSpec } from '../define';

/** A dimensionless quantity, signed unless said. */
export const probe = (
  description: string,
  axes: readonly string[],
  sign: ProbeSpec['sign'] = 'signed',
  unit = '',
): ProbeSpec => ({ description, axes, unit, sign });
