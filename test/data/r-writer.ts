/** @file R's serialization, as R Internals describes it, for tests. */

export const int = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((one, i) => bytes.writeInt32BE(one, 4 * i));
  return bytes;
};
export const character = (text: string): Buffer =>
  Buffer.concat([int(0x40009, text.length), Buffer.from(text)]);
export const symbol = (name: string): Buffer => Buffer.concat([int(1), character(name)]);
export const strings = (...texts: string[]): Buffer =>
  Buffer.concat([int(16, texts.length), ...texts.map(character)]);
export const nil = int(254);
export const pairs = (entries: Record<string, Buffer>): Buffer =>
  Buffer.concat([
    ...Object.entries(entries).flatMap(([name, item]) => [int(0x402), symbol(name), item]),
    nil,
  ]);
export const withAttributes = (type: number, content: Buffer, attributes?: Record<string, Buffer>): Buffer =>
  Buffer.concat([int(type | (attributes ? 0x200 : 0)), content, ...(attributes ? [pairs(attributes)] : [])]);
export const doubles = (values: number[], attributes?: Record<string, Buffer>): Buffer => {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((one, i) => bytes.writeDoubleBE(one, 8 * i));
  return withAttributes(14, Buffer.concat([int(values.length), bytes]), attributes);
};
export const integers = (values: number[], attributes?: Record<string, Buffer>): Buffer =>
  withAttributes(13, int(values.length, ...values), attributes);
export const list = (entries: Record<string, Buffer>): Buffer =>
  withAttributes(19, Buffer.concat([int(Object.keys(entries).length), ...Object.values(entries)]), {
    names: strings(...Object.keys(entries)),
  });
export const serialized = (item: Buffer, version: 2 | 3 = 2): Buffer =>
  Buffer.concat([
    Buffer.from('X\n'),
    int(version, 0x40202, 0x20300),
    ...(version === 3 ? [int(5), Buffer.from('UTF-8')] : []),
    item,
  ]);
export const workspace = (entries: Record<string, Buffer>, version: 2 | 3 = 2): Buffer =>
  Buffer.concat([Buffer.from(`RDX${version}\n`), serialized(pairs(entries), version)]);
