/** @file Arrays of NumPy and zips of them, as numpy.lib.format and zipfile write them, for tests. */
import { deflateRawSync } from 'node:zlib';

/** @param header the dictionary, as Python writes it; padded as NumPy does */
export function npyOf(header: string, data: Uint8Array, version: 1 | 2 | 3 = 1): Buffer {
  const start = version === 1 ? 10 : 12;
  const room = Math.ceil((start + header.length + 1) / 64) * 64 - start;
  const text = Buffer.from(`${header.padEnd(room - 1)}\n`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.from([version, 0]), length, text, data]);
}

type Kind = 'f8' | 'f4' | 'u1' | 'i2' | 'i8';

/** An array of numbers in the order in which they are given. */
export function npy(
  values: readonly number[],
  shape: readonly number[],
  kind: Kind = 'f8',
  options: { readonly fortran?: boolean; readonly big?: boolean } = {},
): Buffer {
  const { fortran = false, big = false } = options;
  const size = Number(kind[1]);
  const data = new DataView(new ArrayBuffer(size * values.length));
  values.forEach((value, i) => {
    if (kind === 'f8') data.setFloat64(8 * i, value, !big);
    else if (kind === 'f4') data.setFloat32(4 * i, value, !big);
    else if (kind === 'u1') data.setUint8(i, value);
    else if (kind === 'i2') data.setInt16(2 * i, value, !big);
    else data.setBigInt64(8 * i, BigInt(value), !big);
  });
  const written = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const descr = `${kind === 'u1' ? '|' : big ? '>' : '<'}${kind}`;
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${written}, }`;
  return npyOf(header, new Uint8Array(data.buffer));
}

/** A zip of files. @param how 8 deflates them, 0 stores them; anything else is only said */
export function zip(files: Readonly<Record<string, Uint8Array>>, how = 8): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = how === 8 ? deflateRawSync(content) : Buffer.from(content);
    const rest = Buffer.alloc(26);
    rest.writeUInt16LE(20, 0);
    rest.writeUInt16LE(how, 4);
    rest.writeUInt32LE(packed.length, 14);
    rest.writeUInt32LE(content.length, 18);
    rest.writeUInt16LE(name.length, 22);
    locals.push(Buffer.from('PK\x03\x04'), rest, Buffer.from(name), packed);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(offset, 12);
    central.push(Buffer.from('PK\x01\x02\x14\x00'), rest, tail.subarray(2), Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
