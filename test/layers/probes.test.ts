/** @file Probes that stand for the layer: what is seen must give what is computed. */
import * as assert from 'node:assert/strict';
import { probeLayer } from './probe-layer';

describe('probes', () => {
  it('of Hydra: the matrix times its input is the output of the scans', () => {
    const options = { d_state: 3, headdim: 2, ngroups: 2, d_conv: 3 };
    const { values, shapes } = probeLayer({ mixer: 'hydra', options, d_model: 4, batch: 2, length: 6 });
    const [batch, heads, length] = shapes['matrix'] as [number, number, number];
    const channels = shapes['x']![2]!;
    const headdim = channels / heads;
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < length; t++) {
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let s = 0; s < length; s++) {
            const entry = ((b * heads + Math.floor(c / headdim)) * length + t) * length + s;
            sum += values['matrix']![entry]! * values['x']![(b * length + s) * channels + c]!;
          }
          const seen = values['y']![(b * length + t) * channels + c]!;
          assert.ok(
            Math.abs(sum - seen) < 1e-9 * (1 + Math.abs(seen)),
            `${b}, ${t}, ${c}: ${sum} against ${seen}`,
          );
        }
      }
    }
  });

  it('of Mamba-2: the kept states, read by C, are the output, a learned start included', () => {
    const options = { d_state: 3, headdim: 2, ngroups: 2, learnable_init_states: true };
    const { values, shapes } = probeLayer({ mixer: 'mamba2', options, d_model: 4, batch: 2, length: 6 });
    const [batch, length, channels, states] = shapes['state'] as [number, number, number, number];
    const groups = shapes['C']![2]!;
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < length; t++) {
        for (let c = 0; c < channels; c++) {
          const row = (b * length + t) * channels + c;
          const group = Math.floor(c / (channels / groups));
          let sum = values['D']![c]! * values['x']![row]!;
          for (let n = 0; n < states; n++) {
            sum +=
              values['state']![row * states + n]! *
              values['C']![((b * length + t) * groups + group) * states + n]!;
          }
          assert.ok(Math.abs(sum - values['y']![row]!) < 1e-9 * (1 + Math.abs(sum)), `${b}, ${t}, ${c}`);
        }
      }
    }
  });

  it('of Mamba-3: the kept states, read by the rotated C, are the output', () => {
    for (const options of [
      { d_state: 4, headdim: 2, ngroups: 2 },
      { d_state: 4, headdim: 2, is_mimo: true, mimo_rank: 2 },
    ]) {
      const variant = { mixer: 'mamba3', options, d_model: 2, batch: 2, length: 6 };
      const { values, shapes, parameters } = probeLayer(variant);
      const [batch, length, channels, states] = shapes['state'] as [number, number, number, number];
      const [, , ranks, heads] = shapes['C_rotated'] as [number, number, number, number];
      const written = values['x']!;
      for (let b = 0; b < batch; b++) {
        for (let t = 0; t < length; t++) {
          for (let k = 0; k < ranks; k++) {
            for (let c = 0; c < channels; c++) {
              const at = b * length + t;
              const head = Math.floor(c / (channels / heads));
              let sum = 0;
              for (let n = 0; n < states; n++) {
                const map = values['C_rotated']![((at * ranks + k) * heads + head) * states + n]!;
                sum += values['state']![(at * channels + c) * states + n]! * map;
              }
              // The skip takes what the rank makes of the input.
              const headdim = channels / heads;
              const v = parameters['mimo_x']?.[(head * ranks + k) * headdim + (c % headdim)] ?? 1;
              sum += values['D']![head]! * v * written[at * channels + c]!;
              const seen = values['y']![(at * ranks + k) * channels + c]!;
              assert.ok(Math.abs(sum - seen) < 1e-6 * (1 + Math.abs(seen)), `${b}, ${t}, ${k}, ${c}`);
            }
          }
        }
      }
    }
  });

  it('of SMA: only active tokens look, only at active ones, and as near as the window', () => {
    const options = { zdim: 3, ndim: 2, window_size: 2, attention_activation: 'softmax' };
    const { values } = probeLayer({ mixer: 'sma', options, d_model: 4, batch: 2, length: 16 });
    const { active, attention, attended, position, router_prob } = values as Record<string, Float64Array>;
    for (let b = 0; b < 2; b++) {
      const chosen = [...active!.subarray(16 * b, 16 * b + 16).entries()].flatMap(([t, is]) =>
        is ? [t] : [],
      );
      assert.ok(chosen.length > 3 && chosen.length < 16, `${chosen.length} of 16 tokens are active`);
      assert.deepEqual([...position!.subarray(16 * b, 16 * b + chosen.length)], chosen);
      for (let t = 0; t < 16; t++) {
        const row = attention!.subarray((16 * b + t) * 16, (16 * b + t + 1) * 16);
        const [skip, act] = router_prob!.subarray(2 * (16 * b + t), 2 * (16 * b + t) + 2);
        const place = chosen.indexOf(t);
        assert.equal(act! > skip!, place >= 0);
        const sum = row.reduce((total, weight) => total + weight, 0);
        assert.ok(Math.abs(sum - (place >= 0 ? 1 : 0)) < 1e-9, `${b}, ${t}: ${sum}`);
        const seen = [...row.entries()].flatMap(([s, weight]) => (weight > 0 ? [s] : []));
        assert.deepEqual(seen, place >= 0 ? chosen.slice(Math.max(0, place - 2), place + 1) : []);
        const added = attended!.subarray(4 * (16 * b + t), 4 * (16 * b + t) + 4);
        assert.equal(
          added.every((value) => value === 0),
          place < 0,
        );
      }
    }
  });
});
