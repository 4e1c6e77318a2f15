/**
 * @file The batches of CIFAR-10 as their authors publish them: "binary" (a label and 3,072 bytes per image) and
 * "python" (a pickle with `data` and `labels`). (Krizhevsky, 2009, Learning Multiple Layers of Features from Tiny
 * Images; the data set's own page describes both.)
 */
import { latin1, numpyPickles, PickledArray } from '../../../formats/numpy-pickle';
import { PickleError, readPickle, type PickleDict, type PickleValue } from '../../../formats/pickle';
import { DataError } from '../../define';
import type { TextFile } from '../../text/files';

export const SIDE = 32;
export const CLASSES = 10;
export const PIXELS = SIDE * SIDE;
const BYTES = 3 * PIXELS;

/** A batch: per image its label and all red, then all green, then all blue values. */
export interface LabelledImage {
  readonly label: number;
  readonly planes: Uint8Array;
}

/** @throws DataError at `files` when the file is neither */
export function readBatch(file: TextFile): LabelledImage[] {
  // Every pickle since Python 2.3 begins with its protocol; as a label 128 would be out of range.
  const records = file.content[0] === 0x80 ? fromPickle(file) : fromBinary(file);
  const wrong = records.findIndex(({ label }) => label >= CLASSES);
  if (wrong < 0) return records;
  throw new DataError(
    `${file.path}: image ${wrong} has the label ${records[wrong]!.label}, but there are ${CLASSES} classes.`,
    ['files'],
  );
}

function fromBinary({ path, content }: TextFile): LabelledImage[] {
  const each = 1 + BYTES;
  if (content.length % each !== 0) {
    throw new DataError(
      `${path} is no batch of CIFAR-10: its ${content.length} bytes are no multiple of ${each}, and it is no pickle.`,
      ['files'],
    );
  }
  return Array.from({ length: content.length / each }, (_, image) => ({
    label: content[image * each]!,
    planes: content.subarray(image * each + 1, (image + 1) * each),
  }));
}

function fromPickle({ path, content }: TextFile): LabelledImage[] {
  const damaged = (what: string): DataError =>
    new DataError(`${path} is no batch of CIFAR-10: ${what}.`, ['files']);
  let pickle: PickleValue;
  try {
    pickle = readPickle(content, numpyPickles);
  } catch (error) {
    if (error instanceof PickleError) throw damaged(error.message);
    throw error;
  }
  if (!(pickle instanceof Map)) throw damaged('the pickle holds no mapping');
  const [data, labels] = [entry(pickle, 'data'), entry(pickle, 'labels')];
  const array = data !== null && typeof data === 'object' && 'known' in data ? data.known : undefined;
  if (!(array instanceof PickledArray) || !Array.isArray(labels)) {
    throw damaged('the pickle has no `data` of bytes with `labels`');
  }
  const [count, width] = array.shape;
  if (array.shape.length !== 2 || width !== BYTES || count !== labels.length) {
    throw damaged(`\`data\` has the shape (${array.shape.join(', ')}) for ${labels.length} labels`);
  }
  return labels.map((label, image) => {
    if (typeof label !== 'number' || !Number.isInteger(label) || label < 0) {
      throw damaged(`label ${image} is no class`);
    }
    return { label, planes: array.bytes.subarray(image * BYTES, (image + 1) * BYTES) };
  });
}

/** Keys are text or, from Python 2, bytes. */
function entry(dict: PickleDict, name: string): PickleValue | undefined {
  for (const [key, value] of dict) {
    if (key === name || (key instanceof Uint8Array && latin1(key) === name)) return value;
  }
  return undefined;
}
