/** @file The picture that a sequence was read from, put together again from the sequence. */
import * as assert from 'node:assert/strict';
import { pictureOf } from '../../src/inspect/picture';
import { openData } from '../data/open';

const picture = async (options: Record<string, unknown>) => {
  const data = await openData('sequential-mnist', options);
  return pictureOf(data.grid!, data.heldOut('validation', 3, 1).inputs)!;
};

describe('the picture of an example', () => {
  it('is the same whatever the order in which it is read', async () => {
    const whole = await picture({ tokens: 'pixels' });
    assert.deepEqual([whole.rows, whole.width, whole.height, whole.channels], [28, 28, 28, 1]);
    assert.deepEqual([Math.min(...whole.data), Math.max(...whole.data)], [0, 255]);
    const patches = await picture({ tokens: 'patches', patch_size: 4 });
    assert.deepEqual([patches.rows, patches.columns], [7, 7]);
    const permuted = await picture({ tokens: 'pixels', permuted: true });
    const rows = await picture({ tokens: 'rows' });
    for (const other of [patches, permuted, rows]) assert.deepEqual(other.data, whole.data);
  });

  it('is thinned when it is large, keeps colours apart, and is left out where there are no pixels', () => {
    const pixels = { width: 512, height: 512, channels: 3 };
    const values = Float32Array.from({ length: 512 * 512 * 3 }, (_, i) => (i % 3) - 1);
    const { width, data } = pictureOf({ rows: 8, columns: 8, pixels }, values)!;
    assert.equal(width, 256);
    assert.deepEqual([data.length, ...data.slice(0, 6)], [256 * 256 * 3, 0, 128, 255, 0, 128, 255]);
    assert.equal(pictureOf({ rows: 8, columns: 8 }, values), undefined);
  });
});
