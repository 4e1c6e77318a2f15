/** @file The content of a file that may be packed with gzip. */
import { gunzipSync } from 'node:zlib';
import { mostUnpacked } from '../../formats/unpacked-size';
import { DataError } from '../define';
import type { TextFile } from '../text/files';

const starts = (content: Uint8Array, ...bytes: number[]): boolean =>
  bytes.every((byte, i) => content[i] === byte);

/** @throws DataError at `files` when it is damaged, too large, or packed in another way */
export function unpacked({ path, content }: TextFile): Uint8Array {
  const other = starts(content, 0x42, 0x5a, 0x68)
    ? 'bzip2'
    : starts(content, 0xfd, 0x37, 0x7a, 0x58)
      ? 'xz'
      : undefined;
  if (other !== undefined) {
    throw new DataError(`${path} is packed with ${other}. Unpack it, or pack it with gzip.`, ['files']);
  }
  if (!starts(content, 0x1f, 0x8b)) return content;
  try {
    return gunzipSync(content, { maxOutputLength: mostUnpacked(content.length) });
  } catch (error) {
    throw new DataError(`${path} cannot be unpacked: ${(error as Error).message}.`, ['files']);
  }
}
