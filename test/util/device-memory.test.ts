import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { largestGpu, memoryOf, type Sources } from '../../src/util/device-memory';

const none: Sources = {
  nvidia: () => {
    throw new Error('spawn nvidia-smi ENOENT');
  },
  cards: join(tmpdir(), 'no-such-folder'),
  platform: 'linux',
  architecture: 'x64',
};

describe('the memory of a device', () => {
  it('is not known where nobody tells', () => {
    assert.equal(largestGpu(none), undefined);
    assert.equal(largestGpu({ ...none, nvidia: () => '[N/A]\n' }), undefined);
    assert.equal(largestGpu({ ...none, nvidia: () => '' }), undefined);
  });

  it('is that of the largest NVIDIA GPU', () => {
    assert.equal(largestGpu({ ...none, nvidia: () => '8192\n81559\n' }), 81559 * 2 ** 20);
  });

  it('is what a card’s driver says, on Linux', async () => {
    const cards = await mkdtemp(join(tmpdir(), 'cards-'));
    try {
      for (const [name, bytes] of [
        ['card0', '536870912\n'],
        ['card1', '17163091968\n'],
        ['card1-DP-1', '99999999999999\n'],
      ] as const) {
        await mkdir(join(cards, name, 'device'), { recursive: true });
        await writeFile(join(cards, name, 'device', 'mem_info_vram_total'), bytes);
      }
      await mkdir(join(cards, 'card2'));
      assert.equal(largestGpu({ ...none, cards }), 17163091968);
      assert.equal(largestGpu({ ...none, cards, platform: 'win32' }), undefined);
    } finally {
      await rm(cards, { recursive: true });
    }
  });

  it('is a share of the machine’s where both have one', () => {
    const found = largestGpu({ ...none, platform: 'darwin', architecture: 'arm64' })!;
    assert.ok(found > totalmem() / 2 && found < totalmem());
    assert.equal(memoryOf('cpu'), totalmem());
  });
});
