/**
 * @file The directory of a zip file, zip64 where the file is large: entries that are stored, as PyTorch writes them, and
 * where asked for deflated ones. (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.)
 */
import { inflateRawSync } from 'node:zlib';
import { readRange, type ByteSource } from './source';
import { mostUnpacked } from './unpacked-size';

export interface ZipEntry {
  /** Where the bytes of the entry are in the file. */
  readonly offset: number;
  /** Bytes of its content. */
  readonly size: number;
  /** Bytes in the file, where they are deflated. */
  readonly deflated?: number;
}

export class ZipError extends Error {
  constructor(message: string) {
    super(`not a zip file that can be read: ${message}`);
    this.name = 'ZipError';
  }
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const END_SIZE = 22;
const MAX_COMMENT = 0xffff;
const MAX_DIRECTORY = 16 * 1024 * 1024;
/** The header of each is read from the file. A model of 50,000 tensors has as many. */
const MAX_ENTRIES = 65_536;
const FULL16 = 0xffff;
const FULL32 = 0xffffffff;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const fail = (message: string): never => {
  throw new ZipError(message);
};

/** A 64-bit number that must be a position in a file. */
function long(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : fail('a number is out of range');
}

/**
 * @param options.deflated whether entries may be deflated, for `entryOf`
 * @throws ZipError when the file is damaged, or holds encrypted or otherwise compressed entries
 */
export function readZip(
  source: ByteSource,
  { deflated = false }: { readonly deflated?: boolean } = {},
): Map<string, ZipEntry> {
  const { count, size, offset } = findDirectory(source);
  if (size > MAX_DIRECTORY) return fail(`its directory of ${size} bytes is too large`);
  if (count > MAX_ENTRIES) return fail(`${count} entries are too many`);
  if (offset + size > source.size) return fail('its directory lies beyond its end');
  // The shortest entry of a directory has 46 bytes.
  if (count > size / 46) return fail(`${count} entries do not fit into its directory`);
  const directory = readRange(source, offset, size);
  const view = viewOf(directory);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > size || view.getUint32(at, true) !== CENTRAL) return fail('its directory is damaged');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true),
    ) as [number, number, number];
    const end = at + 46 + nameLength + extraLength + commentLength;
    if (end > size) return fail('its directory is cut off');
    const name = new TextDecoder().decode(directory.subarray(at + 46, at + 46 + nameLength));
    if (view.getUint16(at + 8, true) & 1) return fail(`${name} is encrypted`);
    const method = view.getUint16(at + 10, true);
    if (!deflated && method !== STORED)
      return fail(`${name} is compressed; PyTorch stores without compression`);
    if (method !== STORED && method !== DEFLATED) return fail(`${name} is packed in a way that is not read`);
    const extra = viewOf(directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
    const sizes = wide(
      extra,
      view.getUint32(at + 24, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 42, true),
    );
    if (method === STORED && sizes.packed !== sizes.plain) return fail(`${name} has two sizes`);
    if (entries.has(name)) return fail(`${name} occurs twice`);
    entries.set(name, {
      size: sizes.plain,
      offset: contentOf(source, sizes.local, sizes.packed, name, offset),
      ...(method === DEFLATED && { deflated: sizes.packed }),
    });
    at = end;
  }
  return entries;
}

/**
 * The content of an entry.
 * @throws ZipError when it is damaged, or unpacks to more than data do
 */
export function entryOf(source: ByteSource, name: string, entry: ZipEntry): Uint8Array {
  const { offset, size, deflated } = entry;
  if (deflated === undefined) return readRange(source, offset, size);
  if (size > mostUnpacked(deflated)) return fail(`${name} unpacks from ${deflated} to ${size} bytes`);
  try {
    const content = inflateRawSync(readRange(source, offset, deflated), {
      maxOutputLength: Math.max(1, size),
    });
    if (content.length === size) return content;
  } catch {
    // As damaged as one of another size.
  }
  return fail(`${name} is damaged`);
}

function findDirectory(source: ByteSource): { count: number; size: number; offset: number } {
  if (source.size < END_SIZE) return fail('it is too short');
  const tailLength = Math.min(source.size, END_SIZE + MAX_COMMENT);
  const tailStart = source.size - tailLength;
  const tail = viewOf(readRange(source, tailStart, tailLength));
  let at = tailLength - END_SIZE;
  while (
    at >= 0 &&
    !(tail.getUint32(at, true) === END && at + END_SIZE + tail.getUint16(at + 20, true) === tailLength)
  )
    at--;
  if (at < 0) return fail('it has no directory; it may be cut off');
  const count = tail.getUint16(at + 10, true);
  const size = tail.getUint32(at + 12, true);
  const offset = tail.getUint32(at + 16, true);
  if (count !== FULL16 && size !== FULL32 && offset !== FULL32) return { count, size, offset };
  const locatorAt = tailStart + at - 20;
  const locator = locatorAt >= 0 ? viewOf(readRange(source, locatorAt, 20)) : undefined;
  if (locator?.getUint32(0, true) !== LOCATOR64) return { count, size, offset };
  const end64 = long(locator, 8);
  if (end64 + 56 > source.size) return fail('its zip64 directory lies beyond its end');
  const record = viewOf(readRange(source, end64, 56));
  if (record.getUint32(0, true) !== END64) return fail('its zip64 directory is damaged');
  return { count: long(record, 32), size: long(record, 40), offset: long(record, 48) };
}

/** Sizes and position of an entry, from its zip64 field where the ordinary ones are full. */
function wide(
  extra: DataView,
  plain: number,
  packed: number,
  local: number,
): { plain: number; packed: number; local: number } {
  let field = 0;
  while (field + 4 <= extra.byteLength) {
    const id = extra.getUint16(field, true);
    const length = extra.getUint16(field + 2, true);
    if (field + 4 + length > extra.byteLength) break;
    if (id === 1) {
      let at = field + 4;
      const end = at + length;
      const next = (value: number): number => {
        if (value !== FULL32) return value;
        if (at + 8 > end) return fail('a zip64 field is cut off');
        at += 8;
        return long(extra, at - 8);
      };
      return { plain: next(plain), packed: next(packed), local: next(local) };
    }
    field += 4 + length;
  }
  return { plain, packed, local };
}

/** Where the content begins, behind the entry's own header. */
function contentOf(source: ByteSource, local: number, size: number, name: string, directory: number): number {
  if (local + 30 > directory) return fail(`${name} lies beyond the end`);
  const header = viewOf(readRange(source, local, 30));
  if (header.getUint32(0, true) !== LOCAL) return fail(`the header of ${name} is damaged`);
  const length = header.getUint16(26, true);
  const offset = local + 30 + length + header.getUint16(28, true);
  // Readers that go by these headers would see other entries.
  if (offset <= directory && new TextDecoder().decode(readRange(source, local + 30, length)) !== name)
    return fail(`the header of ${name} has another name`);
  if (offset + size > directory) return fail(`${name} lies beyond the end`);
  return offset;
}
