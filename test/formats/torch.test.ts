/** @file Files that `torch.save` of PyTorch 1.13 wrote; `code.bin` holds an object that prints when it is unpickled. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { arraySource } from '../../src/formats/source';
import { elementsOf } from '../../src/formats/tensor-file';
import { openTorch } from '../../src/formats/torch';

const open = (name: string) => openTorch(arraySource(readFileSync(join(__dirname, 'fixtures', name))));

describe('pytorch_model.bin', () => {
  it('gives tensors of every kind, views and shared storages included', () => {
    const { tensors } = open('state-dict.bin');
    const values = (name: string): number[] => {
      const tensor = tensors.get(name)!;
      const into = new Float32Array(elementsOf(tensor.shape));
      tensor.read(into);
      return [...into];
    };
    const w = Array.from({ length: 24 }, (_, i) => i);
    assert.deepEqual(values('plain'), w);
    assert.deepEqual(tensors.get('turned')!.shape, [6, 4]);
    assert.deepEqual(
      values('turned'),
      w.map((_, i) => (i % 4) * 6 + Math.floor(i / 4)),
    );
    assert.deepEqual(values('part'), [8, 9, 10, 14, 15, 16]);
    assert.deepEqual(values('shared.a'), [0, 1, 2, 3]);
    assert.deepEqual(values('shared.b'), [2, 3, 4, 5, 6, 7]);
    assert.deepEqual(
      values('half'),
      w.map((x) => x / 8),
    );
    assert.deepEqual(
      values('brain'),
      w.map((x) => x / 8),
    );
    assert.deepEqual(
      values('double'),
      w.map((x) => Math.fround(x / 3)),
    );
    assert.deepEqual(values('long'), [-3, -2, -1, 0, 1, 2]);
    assert.deepEqual(values('scalar'), [2.5]);
    assert.deepEqual(values('none'), []);
    assert.deepEqual(values('parameter'), [7, 7, 7, 7]);
  });

  it('finds the state dict inside a training checkpoint', () => {
    assert.deepEqual([...open('training.bin').tensors.keys()], ['w']);
  });

  it('never runs code, and says what to do', () => {
    assert.throws(() => open('code.bin'), /(builtins|__builtin__)\.print, which is code.*safetensors/s);
    assert.throws(() => open('old.bin'), /before 1\.6.*safetensors/s);
  });

  it('refuses entries that are called otherwise in their own headers', () => {
    const bytes = Buffer.from(readFileSync(join(__dirname, 'fixtures', 'state-dict.bin')));
    bytes[bytes.indexOf('data.pkl')] = 'D'.charCodeAt(0);
    assert.throws(() => openTorch(arraySource(bytes)), /the header of .*data\.pkl has another name/);
  });

  it('refuses what is cut off', () => {
    const bytes = readFileSync(join(__dirname, 'fixtures', 'state-dict.bin'));
    for (const end of [0, 1, 21, 100, bytes.length - 1, bytes.length - 30]) {
      assert.throws(() => openTorch(arraySource(bytes.subarray(0, end))), /zip|short|cut|directory/);
    }
  });
});
