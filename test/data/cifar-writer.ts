/** @file Batches of CIFAR-10, as its authors and as NumPy write them, for tests. */

export const BYTES = 3072;
/** Value of a pixel of one colour. */
export const value = (image: number, colour: number, pixel: number): number =>
  (image * 31 + colour * 57 + pixel * 7) % 256;
export const planes = (image: number): Buffer =>
  Buffer.from(Array.from({ length: BYTES }, (_, i) => value(image, Math.floor(i / 1024), i % 1024)));
const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
export const binary = (first: number, count: number): Buffer =>
  Buffer.concat(range(first, count).flatMap((image) => [Buffer.from([image % 10]), planes(image)]));

const uint32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
};
const op = (code: string, ...rest: Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from(code, 'latin1'), ...rest]);

/** Instructions of a pickle; `words` and `bytes` as Python 2 or Python 3 write them. */
export function pickle(first: number, count: number, python: 2 | 3, type = 'u1'): Buffer {
  const word = (text: string): Buffer =>
    python === 2
      ? op('U', Buffer.from([text.length]), Buffer.from(text))
      : op('X', uint32(text.length), Buffer.from(text));
  const bytes = (content: Buffer): Buffer => op(python === 2 ? 'T' : 'B', uint32(content.length), content);
  const name = (text: string): Buffer =>
    python === 2 ? word(text) : op('C', Buffer.from([text.length]), Buffer.from(text));
  const size = (n: number): Buffer => op('M', Buffer.from([n & 255, n >> 8]));
  const images = Buffer.concat(range(first, count).map(planes));
  const module = python === 2 ? 'numpy.core.multiarray' : 'numpy._core.multiarray';
  return Buffer.concat([
    op('\x80\x02}('),
    name('labels'),
    op('](', ...range(first, count).map((image) => op('K', Buffer.from([image % 10]))), op('e')),
    name('data'),
    op(`c${module}\n_reconstruct\ncnumpy\nndarray\nK\0\x85`),
    bytes(Buffer.from('b')),
    op('\x87R(K\x01'),
    size(count),
    size(BYTES),
    op('\x86cnumpy\ndtype\n'),
    word(type),
    op('K\0K\x01\x87R(K\x03'),
    word('|'),
    op('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89'),
    bytes(images),
    op('tbu.'),
  ]);
}
