/** @file The two scans of a bidirectional layer as the sequence view reads them, on the layer itself. */
import * as assert from 'node:assert/strict';
import { layoutSequence } from '../../src/figures/scan/layout';
import { hasScan, Recurrence } from '../../src/figures/scan/recurrence';
import { scanSummary, stepNumbers } from '../../src/figures/scan/step';
import { inspect } from '../../src/inspect/inspect';
import { survey } from '../../src/inspect/survey';
import { fromSurvey } from '../../src/figures/scan/memory/source';
import { buildModel } from '../../src/models';
import type { Inspection, LayerSurvey } from '../../src/protocol/view-scan';

const LENGTH = 13;
const ids = Array.from({ length: LENGTH }, (_, t) => (t * t + 3 * t) % 11);

async function looked(learnable_init_states: boolean) {
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
  const { surveys } = await survey({ model, parameters, ids, threads: 1 });
  return { found: found as unknown as Inspection, parameters, surveys: surveys as LayerSurvey[] };
}

const hydra = async (learned: boolean): Promise<Recurrence> => new Recurrence((await looked(learned)).found);

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

  it('tell the memory view where each was written and what it forgot', async () => {
    const { found, parameters, surveys } = await looked(false);
    const { strips, writes } = fromSurvey(found, surveys, new Recurrence(found))!;
    assert.deepEqual(
      strips.map(({ arrow }) => arrow),
      ['→', '←'],
    );
    const A_log = [...parameters].find(([name]) => name.endsWith('A_log'))![1];
    const [heads, headdim, groups, states] = [4, 4, 2, 3];
    assert.equal(A_log.length, heads);
    const life = surveys[0]!.probes['half_life']!;
    assert.deepEqual(life.shape, [heads, 2]);
    const both = new Float64Array(LENGTH);
    ['forward', 'backward'].forEach((way, k) => {
      const read = (name: string): Float32Array => found.probes[`${name}_${way}`]!.data;
      const [delta, B] = [read('delta'), read('B')];
      const x = found.probes['x']!.data;
      const left = new Float64Array(heads).fill(1);
      for (let t = 0; t < LENGTH; t++) {
        // The outer products Δ x Bᵀ of all heads, entry by entry.
        let square = 0;
        let kept = 0;
        for (let h = 0; h < heads; h++) {
          const step = delta[t * heads + h]!;
          const keeps = Math.exp(-step * Math.exp(A_log[h]!));
          kept += keeps / heads;
          left[h]! *= keeps;
          for (let p = 0; p < headdim; p++)
            for (let n = 0; n < states; n++) {
              const map = B[(t * groups + Math.floor((h * groups) / heads)) * states + n]!;
              square += (step * x[t * heads * headdim + h * headdim + p]! * map) ** 2;
            }
        }
        both[t]! += square;
        assert.ok(Math.abs(strips[k]!.writes[t]! - Math.sqrt(square)) < 1e-6 * (1 + Math.sqrt(square)));
        assert.ok(Math.abs(strips[k]!.kept[t]! - kept) < 1e-6, `token ${t} of ${way}`);
      }
      // What a half-life says of the whole sequence is the product of its decays.
      for (let h = 0; h < heads; h++)
        assert.ok(Math.abs(0.5 ** (LENGTH / life.data[h * 2 + k]!) - left[h]!) < 1e-5);
    });
    both.forEach((square, t) => assert.ok(Math.abs(writes![t]! - Math.sqrt(square)) < 1e-5));
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
