/** @file Files in memory for tests. */
import * as path from 'node:path';
import type { Reader } from '../../src/config';

export function memoryReader(files: Record<string, string>): Reader {
  return {
    read: async (file) => {
      const text = files[file];
      if (text === undefined) throw Object.assign(new Error('missing'), { code: 'ENOENT' });
      return text;
    },
    resolve: (file, reference) => path.posix.resolve(path.posix.dirname(file), reference),
    toDisk: () => undefined,
  };
}
