/** @file The content of a file that may be packed with gzip or xz. */
import { gunzipSync } from 'node:zlib';
import { decodeXz, isXz } from '../../formats/lzma/xz';
import { mostUnpacked } from '../../formats/unpacked-size';
import { DataError } from '../define';
import type { TextFile } from '../text/files';

const starts = (content: Uint8Array, ...bytes: number[]): boolean =>
  bytes.every((byte, i) => content[i] === byte);

/** @throws DataError at `files` when it is damaged, too large, or packed in another way */
export function unpacked({ path, content }: TextFile): Uint8Array {
  if (starts(content, 0x42, 0x5a, 0x68)) {
    throw new DataError(`${path} is packed with bzip2. Unpack it, or pack it with gzip or xz.`, ['files']);
  }
  const most = mostUnpacked(content.length);
  try {
    if (isXz(content)) return decodeXz(content, most);
    return starts(content, 0x1f, 0x8b) ? gunzipSync(content, { maxOutputLength: most }) : content;
  } catch (error) {
    throw new DataError(`${path} cannot be unpacked: ${(error as Error).message}.`, ['files']);
  }
}
