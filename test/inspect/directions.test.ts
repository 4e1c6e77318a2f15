/** @file The two scans of a bidirectional layer as the sequence view reads them, on the layer itself. */
import * as assert from 'node:assert/strict';
import { layoutSequence } from '../../src/figures/scan/layout';
import { hasScan, Recurrence } from '../../src/figures/scan/recurrence';
import { scanSummary, stepNumbers } from '../../src/figures/scan/step';
import { inspect } from '../../src/inspect/inspect';
import { buildModel } from '../../src/models';
import type { Inspection } from '../../src/protocol/view-scan';

const LENGTH = 13;
const ids = Array.from({ length: LENGTH }, (_, t) => (t * t + 3 * t) % 11);

async function hydra(learnable_init_states: boolean): Promise<Recurrence> {
  const model = buildModel({
    model: {
      d_model: 8,
      norm: 'rms',
      norm_eps: 1e-5,
      tie_embeddings: false,
      layers: [{ mixer: 'hydra', d_state: 3, headdim: 4, d_conv: 3, ngroups: 2, learnable_init_states }],
    },
    task: { type: 'classification', pooling: 'mean' },
    data: {
      length: LENGTH,
      input: { kind: 'tokens', vocab_size: 11 },
      target: { kind: 'class', classes: 3 },
    },
  });
  const parameters = new Map(
    [...model.initialise(2)].map(([name, values]) => [
      name,
      name.endsWith('init_states') ? values.map((_, i) => Math.sin(i)) : values,
    ]),
  );
  const found = await inspect({ model, parameters, layer: 0, ids, threads: 1 });
  assert.ok(hasScan(found as unknown as Inspection));
  return new Recurrence(found as unknown as Inspection);
}

describe('the two scans of Hydra', () => {
  for (const learned of [false, true])
    it(`give the output of the layer, from ${learned ? 'learned' : 'empty'} states`, async () => {
      const scan = await hydra(learned);
      let size = 0;
      for (let t = 0; t < LENGTH; t++)
        for (let c = 0; c < scan.channels; c++) size = Math.max(size, Math.abs(scan.y(t, c)));
      for (let t = 0; t < LENGTH; t++)
        for (let c = 0; c < scan.channels; c++) {
          const { left, right, own } = scan.parts(t, c)!;
          assert.ok(Math.abs(left + right + own - scan.y(t, c)) < 2e-5 * size, `token ${t}, channel ${c}`);
        }
      assert.deepEqual([scan.parts(0, 1)!.left, scan.parts(LENGTH - 1, 1)!.right], [0, 0]);
    });

  it('go their own ways: the one from the right begins at the last token', async () => {
    const scan = await hydra(false);
    const back = scan.other!;
    assert.equal(back.other, scan);
    assert.deepEqual([back.first, back.last, back.stepAt(9), back.before(9)], [12, 0, 3, 10]);
    assert.deepEqual(back.later(2), [1, 0]);
    for (const own of [scan, back])
      for (const t of [own.first, 5, own.last]) {
        const before = own.before(t);
        for (const row of stepNumbers(own, t, 6).rows) {
          const kept = before === undefined ? 0 : own.kept(t, 6, row.n) * own.h(before, 6, row.n);
          assert.ok(Math.abs(row.carried - kept) < 1e-12);
          assert.ok(Math.abs(row.h - row.carried - row.written) < 1e-9);
        }
      }
    // What a later step of the backward scan keeps of a write lies at its left.
    const product = [4, 3, 2].reduce((total, t) => total * back.kept(t, 6, 0), 1);
    assert.ok(Math.abs(back.left(5, 2, 6, 0) - product) < 1e-12);
    assert.match(scanSummary(back, 5, 6), /Scan from right to left/);
  });

  it('have rows of their own, and the parts of the output one row', async () => {
    const scan = await hydra(false);
    const { rows } = layoutSequence(scan, {
      width: 900,
      narrow: false,
      rows: ['delta', 'gate', 'parts', 'state'],
      scale: 1,
      position: 3,
    });
    assert.deepEqual(
      rows.map(({ id, back }) => `${id}${back ? ' back' : ''}`),
      ['delta', 'delta back', 'gate', 'parts', 'state', 'state back'],
    );
  });
});
