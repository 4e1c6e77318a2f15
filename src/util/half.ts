/** @file Half-precision numbers (IEEE 754 binary16) and their bits. */

const SMALLEST_NORMAL = 2 ** -14;

/** The number behind the bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The bits of the half nearest to `value`, ties to even; beyond 65504 infinities, NaN stays NaN. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // The spacing of halves around the value: 2^-24 up to the smallest normal number.
  const exponent = size < SMALLEST_NORMAL ? -14 : exponentOf(size);
  const steps = toEven(size / 2 ** (exponent - 10));
  // Rounding up to the next power of two carries into the exponent by itself.
  return sign | (size < SMALLEST_NORMAL ? steps : ((exponent + 14) << 10) + steps);
}

const scratch = new DataView(new ArrayBuffer(8));

/** ⌊log₂ x⌋ of a normal number. */
function exponentOf(x: number): number {
  scratch.setFloat64(0, x);
  return (scratch.getUint16(0) >> 4) - 1023;
}

function toEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
