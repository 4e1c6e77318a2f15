/** @file Between typed arrays and onnxruntime's tensors. */
import type { Tensor as OrtTensor } from 'onnxruntime-node';
import type { BytesInfo, DType, TensorInfo } from '../../graph';

/** Values of one tensor; a Uint16Array holds the bits of halves. */
export type TypedArray = Float32Array | Uint16Array | Int32Array | Uint8Array;

/** A tensor that stays on the device; feed it to sessions of the same device. */
export interface DeviceTensor {
  readonly location: 'device';
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Frees the device's memory; the tensor must not be used afterwards. */
  dispose(): void;
}

/** What goes into a run. */
export type Feed = TypedArray | DeviceTensor;

const ORT_TYPE = { float32: 'float32', float16: 'float16', int32: 'int32', bool: 'bool' } as const;
const ARRAY = { float32: Float32Array, float16: Uint16Array, int32: Int32Array, bool: Uint8Array } as const;

/** The values of an output. Newer engines give halves as Float16Array. */
export function arrayOf(tensor: OrtTensor): TypedArray {
  const data = tensor.data as TypedArray;
  return tensor.type === 'float16' ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
}

export const elements = (shape: readonly number[]): number =>
  shape.reduce((product, extent) => product * extent, 1);

const tensors = new WeakMap<DeviceTensor, OrtTensor>();

export function deviceTensor(tensor: OrtTensor, { dtype, shape }: TensorInfo): DeviceTensor {
  const made: DeviceTensor = {
    location: 'device',
    dtype,
    shape,
    dispose() {
      tensor.dispose();
      tensors.delete(made);
    },
  };
  tensors.set(made, tensor);
  return made;
}

const isArray = (feed: Feed): feed is TypedArray => ArrayBuffer.isView(feed);

/** @throws when the feed has another type or size than the graph's input */
export function feedTensor(
  feed: Feed | undefined,
  { name, dtype, shape }: TensorInfo,
  make: typeof OrtTensor,
): OrtTensor {
  const wanted = `${dtype}[${shape.join(', ')}]`;
  if (!feed) throw new Error(`No values for the graph input ${name}, ${wanted}.`);
  if (!isArray(feed)) {
    const tensor = tensors.get(feed);
    if (!tensor) throw new Error(`The device tensor for the graph input ${name} was disposed of.`);
    if (feed.dtype !== dtype || feed.shape.join() !== shape.join()) {
      throw new Error(`The graph input ${name} is ${wanted}, not ${feed.dtype}[${feed.shape.join(', ')}].`);
    }
    return tensor;
  }
  return arrayTensor(feed, { name, dtype, shape }, make);
}

/** Number of signed bytes in the ONNX format. */
const INT8 = 3;

/** @throws when the feed is missing or of another size */
export function bytesTensor(
  feed: Feed | undefined,
  { name, type, shape }: BytesInfo,
  make: typeof OrtTensor,
): OrtTensor {
  if (!(feed instanceof Uint8Array) || feed.length !== elements(shape))
    throw new Error(`The graph's ${name} needs ${elements(shape)} bytes.`);
  if (type !== INT8) return new make('uint8', feed, shape);
  return new make('int8', new Int8Array(feed.buffer, feed.byteOffset, feed.length), shape);
}

export function arrayTensor(
  array: TypedArray,
  { name, dtype, shape }: TensorInfo,
  make: typeof OrtTensor,
): OrtTensor {
  if (!(array instanceof ARRAY[dtype]) || array.length !== elements(shape)) {
    const got = `${array.constructor.name} of ${array.length}`;
    throw new Error(`The graph's ${name} is ${dtype}[${shape.join(', ')}], which does not fit a ${got}.`);
  }
  return new make(ORT_TYPE[dtype], array as never, shape);
}
