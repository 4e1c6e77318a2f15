/**
 * @file TensorBoard's event files: records of TensorFlow's format with scalars in the protocol buffers of
 * `event.proto` and `summary.proto`.
 */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C (Castagnoli), masked as the record format asks. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  const value = (crc ^ 0xffffffff) >>> 0;
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

const field = (number: number, wire: number, content: readonly number[]): number[] => [
  ...varint(number * 8 + wire),
  ...content,
];
const block = (number: number, content: readonly number[]): number[] =>
  field(number, 2, [...varint(content.length), ...content]);
const textField = (number: number, value: string): number[] =>
  block(number, [...new TextEncoder().encode(value)]);

function double(number: number, value: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return field(number, 1, [...new Uint8Array(view.buffer)]);
}

function float(number: number, value: number): number[] {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value, true);
  return field(number, 5, [...new Uint8Array(view.buffer)]);
}

function record(event: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16 + event.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(event.length), true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(event, 12);
  view.setUint32(12 + event.length, maskedCrc(bytes.subarray(12, 12 + event.length)), true);
  return bytes;
}

export interface Scalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
  /** Seconds since 1970. */
  readonly time: number;
}

/** The parts of an event file: its version, then one record per scalar. */
export function eventFile(scalars: readonly Scalar[]): Uint8Array[] {
  const head = record([...double(1, scalars[0]?.time ?? 0), ...textField(3, 'brain.Event:2')]);
  return [
    head,
    ...scalars.map(({ tag, step, value, time }) => {
      const summary = block(1, [...textField(1, tag), ...float(2, value)]);
      return record([...double(1, time), ...field(2, 0, varint(step)), ...block(5, summary)]);
    }),
  ];
}
