/** @file What the views see of the time-invariant mixers gives what the layer computes. */
import * as assert from 'node:assert/strict';
import { mixers } from '../../../src/layers';
import { probeLayer } from '../probe-layer';

const variants: [mixer: string, options: Record<string, unknown>][] = [
  ['s4d', { d_state: 4 }],
  ['s4d', { d_state: 4, bidirectional: true, channels: 2, n_ssm: 2 }],
  ['dss', { d_state: 4, l_max: 7, bidirectional: true }],
  ['dss', { d_state: 2, kernel: 'exp', channels: 2 }],
  ['long-conv', { l_max: 5, lam: 0.1 }],
  ['long-conv', { l_max: 7, bidirectional: true, channels: 2, lam: 0 }],
];

/** (kernel, channel, lag) convolved with x (batch, time, channel), as (batch, time, channels · H). */
function convolved(
  kernel: ArrayLike<number>,
  x: ArrayLike<number>,
  D: ArrayLike<number>,
  [batch, length, H, kernels, channels]: readonly [number, number, number, number, number],
): number[] {
  const taps = kernel.length / (kernels * H);
  const y: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < length; t++) {
      for (let c = 0; c < channels * H; c++) {
        const h = c % H;
        const at = (time: number): number => x[(b * length + time) * H + h]!;
        let total = D[c]! * at(t);
        for (let s = 0; s < length; s++) {
          const [row, lag] = s <= t ? [c, t - s] : [channels * H + c, s - t - 1];
          if (row < kernels * H && lag < taps) total += kernel[row * taps + lag]! * at(s);
        }
        y.push(total);
      }
    }
  }
  return y;
}

function close(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Math.abs(found[i]! - expected[i]!) < 1e-9 * (1 + Math.abs(expected[i]!)), `entry ${i}`);
  }
}

describe('probes of time-invariant layers', () => {
  for (const [mixer, options] of variants) {
    const [batch, length, d_model] = [2, 7, 4];
    const layer = () => probeLayer({ mixer, options, d_model, batch, length });

    it(`${mixer} ${JSON.stringify(options)}: all of them, with the axes they name`, () => {
      const { shapes } = layer();
      const { probes } = mixers[mixer]!;
      assert.deepEqual(Object.keys(shapes).sort(), Object.keys(probes).sort());
      for (const [name, { axes }] of Object.entries(probes)) {
        assert.equal(shapes[name]!.length, axes.length, name);
        if (axes[0] === 'batch') assert.equal(shapes[name]![0], batch, name);
        if (axes[1] === 'time') assert.equal(shapes[name]![1], length, name);
        if (axes.at(-1) === 'complex') assert.equal(shapes[name]!.at(-1), 2, name);
      }
    });

    it(`${mixer} ${JSON.stringify(options)}: the kernel on the input is the output`, () => {
      const { values, shapes } = layer();
      const kernels = shapes['kernel']![0]!;
      const channels = shapes['y']![2]! / d_model;
      const sizes = [batch, length, d_model, kernels, channels] as const;
      close(values['y']!, convolved(values['kernel']!, values['x']!, values['D']!, sizes));
    });
  }

  it('s4d: the states follow the recurrence of the poles', () => {
    const [batch, length, H, M] = [2, 9, 3, 2];
    const { values } = probeLayer({ mixer: 's4d', options: { d_state: 4 }, d_model: H, batch, length });
    const { A_bar, B_bar, x, state_norm } = values as Record<string, Float64Array>;
    const expected = new Float64Array(batch * length * H);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < H; h++) {
        const state = new Float64Array(2 * M);
        for (let t = 0; t < length; t++) {
          const u = x![(b * length + t) * H + h]!;
          for (let n = 0; n < M; n++) {
            const at = 2 * (h * M + n);
            const [re, im] = [state[2 * n]!, state[2 * n + 1]!];
            state[2 * n] = A_bar![at]! * re - A_bar![at + 1]! * im + B_bar![at]! * u;
            state[2 * n + 1] = A_bar![at]! * im + A_bar![at + 1]! * re + B_bar![at + 1]! * u;
          }
          expected[(b * length + t) * H + h] = Math.hypot(...state);
        }
      }
    }
    close(state_norm!, expected);
  });
});
