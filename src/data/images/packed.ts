/** @file The packed image file of media/data: a header, labels, pixels. */
import { DataError } from '../define';

const MAGIC = 'SSMIMG1\n';
const HEADER = MAGIC.length + 4 * 4;

export interface PackedImages {
  /** One byte per pixel, image by image, row by row. */
  readonly images: Uint8Array;
  /** One class per image. */
  readonly labels: Uint8Array;
}

/** @throws DataError when the content is not what its header says, or not of the size that is expected */
export function parseImages(
  content: Uint8Array,
  path: string,
  expected: {
    readonly count: number;
    readonly rows: number;
    readonly columns: number;
    readonly classes: number;
  },
): PackedImages {
  const wrong = (what: string): DataError =>
    new DataError(`${path} is damaged: ${what}. Install SSM Studio again.`);
  if (content.length < HEADER) throw wrong('it ends within its header');
  if (Buffer.from(content.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC)
    throw wrong('unknown format');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [count, rows, columns, classes] = [0, 1, 2, 3].map((i) => view.getUint32(MAGIC.length + 4 * i, true));
  if (
    count !== expected.count ||
    rows !== expected.rows ||
    columns !== expected.columns ||
    classes !== expected.classes
  ) {
    throw wrong(`it holds ${count} images of ${rows} × ${columns} pixels in ${classes} classes`);
  }
  const bytes = HEADER + count * (1 + rows * columns);
  if (content.length !== bytes) throw wrong(`${content.length} bytes instead of ${bytes}`);
  const labels = content.subarray(HEADER, HEADER + count);
  if (labels.some((label) => label >= classes)) throw wrong('a label is out of range');
  return { labels, images: content.subarray(HEADER + count) };
}
