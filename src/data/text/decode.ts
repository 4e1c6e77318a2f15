/** @file Bytes of a file as one text. */
import { constants } from 'node:buffer';
import { DataError } from '../define';
import type { TextFile } from './files';

/** @throws DataError at `files` when it is longer than a text can be */
export function textOf({ path, content }: TextFile): string {
  if (content.length <= constants.MAX_STRING_LENGTH) return new TextDecoder().decode(content);
  const most = Math.floor(constants.MAX_STRING_LENGTH / 2 ** 20);
  throw new DataError(`${path} is longer than ${most} MiB. Split it and name the parts with a pattern.`, [
    'files',
  ]);
}
