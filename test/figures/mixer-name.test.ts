import assert from 'node:assert/strict';
import { flattenConfig, groupRuns, matches } from '../../src/figures/curves/groups';
import { mixerName } from '../../src/figures/curves/mixer-name';
import type { RunMeta } from '../../src/protocol/view-curves';

const list = (...parts: readonly [string, number][]): string =>
  parts.flatMap(([name, count]) => Array.from({ length: count }, () => name)).join(' · ');

describe('the name of a stack of mixers', () => {
  it('is the list while that is short', () => {
    assert.equal(mixerName('mamba · attention'), 'mamba · attention');
  });
  it('says stretches, what repeats, and else how many there are of each', () => {
    assert.equal(
      mixerName(list(['mamba', 3], ['attention', 1], ['mamba', 2])),
      'mamba ×3 · attention · mamba ×2',
    );
    assert.equal(
      mixerName(
        Array(8)
          .fill(list(['mamba2', 5], ['attention', 1]))
          .join(' · '),
      ),
      '(mamba2 ×5 · attention) ×8',
    );
    assert.equal(mixerName(list(['gated-mlp', 12])), 'gated-mlp ×12');
    const uneven = [2, 3, 5, 7, 4].map((count) => list(['mamba2', count], ['attention', 1])).join(' · ');
    assert.equal(mixerName(uneven), 'mamba2 ×21, attention ×5');
  });
  it('names runs, while the filter finds every layer of the list', () => {
    const layers = [{ repeat: 8, block: [{ mixer: 'mamba2', repeat: 5 }, { mixer: 'attention' }] }];
    const meta = (id: string, keys: RunMeta['keys'], palette: number): RunMeta => ({
      id,
      name: id,
      config: 'a',
      group: id,
      palette,
      status: 'finished',
      seed: 0,
      keys,
      checkpoints: [],
    });
    const groups = groupRuns([
      meta('one', flattenConfig({ model: { layers: [{ mixer: 'mamba2', repeat: 48 }] } }), 0),
      meta('two', flattenConfig({ model: { layers } }), 1),
    ]);
    const hybrid = groups[1]!;
    assert.equal(hybrid.name, '(mamba2 ×5 · attention) ×8');
    assert.ok(String(hybrid.keys['mixer']).startsWith('mamba2 · mamba2 · mamba2'));
    assert.ok(matches(hybrid, 'mixer:mamba2 attention'));
    assert.ok(!matches(groups[0]!, 'mixer:attention'));
  });
});
