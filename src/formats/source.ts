/** @file Bytes that are read piece by piece: a file on disk, or an array. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /** Fills `into` from `offset`. @throws RangeError beyond the end */
  read(offset: number, into: Uint8Array): void;
  close(): void;
}

/** A fresh copy of a range. @throws RangeError beyond the end, before anything is allocated */
export function readRange(source: ByteSource, offset: number, length: number): Uint8Array<ArrayBuffer> {
  if (!(offset >= 0 && length >= 0 && offset + length <= source.size)) {
    throw new RangeError(
      `bytes ${offset} … ${offset + length} of ${source.name} are asked for, which has ${source.size}`,
    );
  }
  const bytes = new Uint8Array(length);
  source.read(offset, bytes);
  return bytes;
}

/** A pipe would keep whoever opens it waiting for its other end; of no effect on files, and unknown to Windows. */
const AT_ONCE = constants.O_RDONLY | ((constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0);

/** @throws NodeJS.ErrnoException when the file cannot be opened, or is none: a folder, a pipe, a device */
export function fileSource(path: string): ByteSource {
  const handle = openSync(path, AT_ONCE);
  const stat = fstatSync(handle);
  if (!stat.isFile()) {
    closeSync(handle);
    throw Object.assign(new Error(`${path} is no file`), { code: 'EISDIR' });
  }
  return {
    name: path,
    size: stat.size,
    read(offset, into) {
      for (let done = 0; done < into.length;) {
        // One call reads at most 2 GB.
        const wanted = Math.min(into.length - done, 2 ** 30);
        const count = readSync(handle, into, done, wanted, offset + done);
        if (count === 0) throw new RangeError(`${path} ends at ${offset + done}`);
        done += count;
      }
    },
    close: () => closeSync(handle),
  };
}

export const arraySource = (bytes: Uint8Array, name = 'the file'): ByteSource => ({
  name,
  size: bytes.length,
  read(offset, into) {
    if (offset + into.length > bytes.length) throw new RangeError(`${name} ends at ${bytes.length}`);
    into.set(bytes.subarray(offset, offset + into.length));
  },
  close: () => {},
});
