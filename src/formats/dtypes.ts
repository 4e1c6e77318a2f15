/** @file The element types of safetensors files and their conversion to ordinary numbers. */
import { halfToNumber } from '../util/half';

/** Bytes per element. The names are those of the safetensors format. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type FileDType = keyof typeof DTYPE_BYTES;

const scratch = new DataView(new ArrayBuffer(4));

/** A bfloat16 number from its bits: the upper half of a float32. */
export function bfloat16ToNumber(bits: number): number {
  scratch.setUint32(0, bits * 65536);
  return scratch.getFloat32(0);
}

/** The bits of the bfloat16 nearest to `value`, ties to even; NaN stays NaN. */
export function numberToBfloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** An 8-bit float with `exponentBits` and the given bias; `ieee` formats have infinities (E5M2), E4M3 has none. */
function float8ToNumber(bits: number, exponentBits: number, ieee: boolean): number {
  const fractionBits = 7 - exponentBits;
  const sign = bits & 0x80 ? -1 : 1;
  const top = (1 << exponentBits) - 1;
  const exponent = (bits >> fractionBits) & top;
  const fraction = bits & ((1 << fractionBits) - 1);
  const bias = (1 << (exponentBits - 1)) - 1;
  if (ieee && exponent === top) return fraction ? NaN : sign * Infinity;
  if (!ieee && (bits & 0x7f) === 0x7f) return NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (1 + fraction * 2 ** -fractionBits) * 2 ** (exponent - bias);
}

type Reader = (view: DataView, offset: number) => number | bigint;

/** How one little-endian element is read. 64-bit integers come as bigint, everything else as number. */
export const READERS: Readonly<Record<FileDType, Reader>> = {
  BOOL: (view, offset) => view.getUint8(offset),
  U8: (view, offset) => view.getUint8(offset),
  I8: (view, offset) => view.getInt8(offset),
  F8_E5M2: (view, offset) => float8ToNumber(view.getUint8(offset), 5, true),
  F8_E4M3: (view, offset) => float8ToNumber(view.getUint8(offset), 4, false),
  I16: (view, offset) => view.getInt16(offset, true),
  U16: (view, offset) => view.getUint16(offset, true),
  F16: (view, offset) => halfToNumber(view.getUint16(offset, true)),
  BF16: (view, offset) => bfloat16ToNumber(view.getUint16(offset, true)),
  I32: (view, offset) => view.getInt32(offset, true),
  U32: (view, offset) => view.getUint32(offset, true),
  F32: (view, offset) => view.getFloat32(offset, true),
  F64: (view, offset) => view.getFloat64(offset, true),
  I64: (view, offset) => view.getBigInt64(offset, true),
  U64: (view, offset) => view.getBigUint64(offset, true),
};
