/**
 * @file `pytorch_model.bin`: a zip of one pickle and one file per storage (torch.save since 1.6). The pickle is read
 * by `pickle.ts`, which knows tensors and containers only.
 */
import { DTYPE_BYTES, type FileDType } from './dtypes';
import { PickleCall, PickleError, PickleTuple, readPickle, type PickleValue } from './pickle';
import { float32Of } from './safetensors';
import { readRange, type ByteSource } from './source';
import { elementsOf, isPlain, readFloats, type StoredTensor, type TensorFile } from './tensor-file';
import { readZip, ZipError, type ZipEntry } from './zip';

/** The file is damaged, or holds more than tensors. */
export class TorchError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TorchError';
  }
}

const ADVICE =
  'Only tensors and plain containers are read from a pickle, never code. Save the model as safetensors instead, ' +
  'for example with safetensors.torch.save_file(state_dict, "model.safetensors").';

const STORAGES: Readonly<Record<string, FileDType>> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

const MAX_PICKLE = 64 * 1024 * 1024;
const MAX_RANK = 8;

class StorageType {
  constructor(readonly dtype: FileDType) {}
}
class Storage {
  constructor(
    readonly dtype: FileDType,
    readonly entry: ZipEntry,
  ) {}
}
class TorchTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

const fail = (message: string): never => {
  throw new TorchError(message);
};

/** An object of ours inside a pickle. */
const wrap = (known: object): PickleValue => ({ known });
const knownOf = (value: PickleValue | undefined): object | undefined =>
  typeof value === 'object' && value !== null && 'known' in value ? value.known : undefined;

const counts = (value: PickleValue | undefined): number[] => {
  const items = value instanceof PickleTuple ? value.items : undefined;
  if (
    !items ||
    items.length > MAX_RANK ||
    !items.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)
  ) {
    return fail('a tensor has a damaged shape');
  }
  return items as number[];
};

/** @throws TorchError, ZipError */
export function openTorch(source: ByteSource): TensorFile {
  try {
    const entries = readZip(source);
    const pickle = [...entries].find(([name]) => /^[^/]+\/data\.pkl$/.test(name));
    if (!pickle) return fail(`it is a zip, but not one that torch.save wrote. ${ADVICE}`);
    const folder = pickle[0].slice(0, -'data.pkl'.length);
    checkByteOrder(source, entries.get(`${folder}byteorder`));
    if (pickle[1].size > MAX_PICKLE) return fail(`its pickle of ${pickle[1].size} bytes is too large`);
    const root = readPickle(readRange(source, pickle[1].offset, pickle[1].size), tableOf(folder, entries));
    return { tensors: stored(root, source), close: () => source.close() };
  } catch (error) {
    if (error instanceof PickleError) return fail(`${error.message}. ${ADVICE}`);
    if (error instanceof ZipError && isLegacy(source)) {
      return fail(`it was saved by PyTorch before 1.6, as pickles one after the other. ${ADVICE}`);
    }
    throw error;
  }
}

const isLegacy = (source: ByteSource): boolean => {
  if (source.size < 2) return false;
  const [first, second] = readRange(source, 0, 2);
  return first === 0x80 && second! <= 5;
};

function checkByteOrder(source: ByteSource, entry: ZipEntry | undefined): void {
  if (!entry || entry.size > 16) return;
  const order = new TextDecoder().decode(readRange(source, entry.offset, entry.size)).trim();
  if (order !== 'little') fail('its numbers are not little endian');
}

function tableOf(folder: string, entries: ReadonlyMap<string, ZipEntry>) {
  return {
    global(module: string, name: string): PickleValue | undefined {
      const full = `${module}.${name}`;
      if (full === 'collections.OrderedDict') {
        return new PickleCall((args) => (args.length === 0 ? new Map() : fail('an OrderedDict is damaged')));
      }
      if (full === 'torch._utils._rebuild_tensor_v2') return new PickleCall(rebuild);
      if (full === 'torch._utils._rebuild_parameter') return new PickleCall(([tensor]) => tensor ?? null);
      if (module === 'torch' && Object.hasOwn(STORAGES, name)) return wrap(new StorageType(STORAGES[name]!));
      return undefined;
    },
    persistent(id: PickleValue): PickleValue {
      const [kind, type, key] = id instanceof PickleTuple ? id.items : [];
      const known = knownOf(type);
      if (kind !== 'storage' || !(known instanceof StorageType) || typeof key !== 'string') {
        return fail('a storage is described in an unknown way');
      }
      const entry = entries.get(`${folder}data/${key}`);
      return entry
        ? wrap(new Storage(known.dtype, entry))
        : fail(`the storage ${key.slice(0, 100)} is missing`);
    },
  };
}

function rebuild([storage, offset, shape, strides]: readonly PickleValue[]): PickleValue {
  const known = knownOf(storage);
  if (!(known instanceof Storage) || !Number.isSafeInteger(offset) || (offset as number) < 0) {
    return fail('a tensor is damaged');
  }
  const tensor = new TorchTensor(known, offset as number, counts(shape), counts(strides));
  const { shape: extents, strides: steps } = tensor;
  if (extents.length !== steps.length) return fail('a tensor has a damaged shape');
  const last = extents.reduce((at, extent, axis) => at + (extent - 1) * steps[axis]!, tensor.offset);
  const size = elementsOf(extents);
  const room = known.entry.size / DTYPE_BYTES[known.dtype];
  if (size > 0 && !(last < room && size <= room)) return fail('a tensor lies beyond its storage');
  return wrap(tensor);
}

/** The tensors of a state dict, or of the state dict inside a training checkpoint. */
function stored(root: PickleValue, source: ByteSource): Map<string, StoredTensor> {
  const found = collect(root, source);
  if (found.size > 0) return found;
  const inner = root instanceof Map ? (root.get('state_dict') ?? root.get('model')) : undefined;
  const nested = inner === undefined ? found : collect(inner, source);
  if (nested.size === 0) fail(`it holds no tensors by name. ${ADVICE}`);
  return nested;
}

function collect(value: PickleValue, source: ByteSource): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  if (!(value instanceof Map)) return tensors;
  for (const [name, item] of value) {
    const known = knownOf(item);
    if (typeof name === 'string' && known instanceof TorchTensor)
      tensors.set(name, storedTensor(known, source));
  }
  return tensors;
}

function storedTensor(tensor: TorchTensor, source: ByteSource): StoredTensor {
  const { shape, strides, storage, offset } = tensor;
  const { dtype, entry } = storage;
  const width = DTYPE_BYTES[dtype];
  const rowMajor = shape.map((_, axis) => elementsOf(shape.slice(axis + 1)));
  const contiguous = shape.every((extent, axis) => extent === 1 || strides[axis] === rowMajor[axis]);
  const readPart = (from: number, into: Float32Array): void => {
    const at = entry.offset + from * width;
    if (isPlain(dtype)) readFloats(source, at, dtype, into);
    else
      into.set(float32Of({ dtype, shape: [into.length], bytes: readRange(source, at, into.length * width) }));
  };
  return {
    dtype,
    shape,
    bytes: elementsOf(shape) * width,
    ...(contiguous && {
      readPart: (from: number, into: Float32Array) => readPart(offset + from, into),
    }),
    read(into) {
      if (into.length === 0) return;
      if (contiguous) return readPart(offset, into);
      // From its first element to its last: many tensors may lie in one large storage.
      const span = shape.reduce((last, extent, axis) => last + (extent - 1) * strides[axis]!, 1);
      const whole = new Float32Array(span);
      readPart(offset, whole);
      for (let i = 0; i < into.length; i++) {
        let at = 0;
        for (let axis = 0; axis < shape.length; axis++) {
          at += (Math.floor(i / rowMajor[axis]!) % shape[axis]!) * strides[axis]!;
        }
        into[i] = whole[at]!;
      }
    },
  };
}
