/** @file How large a tensor a GPU takes: what a kernel gives at the end of one decides. */
import assert from 'node:assert/strict';
import { checkBinding, TensorTooLarge } from '../../src/runtime/ort/binding';

/** A device whose kernels give zeros behind so many bytes of a tensor, and how often it was asked. */
function deviceOf(binding: number) {
  const asked: number[] = [];
  return {
    asked,
    run: (graph: { readonly largest: number }): Promise<Float32Array> => {
      asked.push(graph.largest);
      return Promise.resolve(new Float32Array(1024).fill(graph.largest > binding ? 0 : 1));
    },
  };
}

describe('the largest tensor of a GPU', () => {
  it('is tried once for every size above what every device binds', async () => {
    const device = deviceOf(2 ** 29);
    await checkBinding(2 ** 27, device.run);
    assert.deepEqual(device.asked, []);
    await checkBinding(2 ** 28, device.run);
    await checkBinding(2 ** 28 - 4, device.run);
    assert.deepEqual(device.asked, [2 ** 28]);
    await assert.rejects(checkBinding(2 ** 30, device.run), TensorTooLarge);
  });

  it('is found too small where a kernel refuses the bindings, and never tried beyond 32 bits', async () => {
    const refusing = (): Promise<never> =>
      Promise.reject(new Error('Too many storage buffers in shader. Current: 17, Max is 16'));
    await assert.rejects(checkBinding(2 ** 31, refusing), TensorTooLarge);
    const other = (): Promise<never> => Promise.reject(new Error('device lost'));
    await assert.rejects(checkBinding(2 ** 31, other), /device lost/);
    const device = deviceOf(2 ** 40);
    await assert.rejects(checkBinding(2 ** 32, device.run), TensorTooLarge);
    assert.deepEqual(device.asked, []);
  });
});
