/** @file H3 as float64 loops over time: a register for the shift model, complex states for the diagonal one. */
import { affine, perSequence, type Shape3, type Values } from '../slow';
import { cexp, minus, over, pair, plus, scale, times, type C } from './complex';

interface SlowH3 {
  readonly d_state: number;
  readonly head_dim: number;
  readonly nheads: number;
  readonly disc: string;
}

export function slowH3(x: Float64Array, shape: Shape3, p: Values, r: SlowH3): Float64Array {
  const D = shape[2];
  const { d_state: N, head_dim: d, nheads: H } = r;
  const M = N / 2;
  const map = (name: string, row: number[]): number[] => affine(row, p[`${name}.weight`]!, p[`${name}.bias`]);
  const kernel = (name: string): Float64Array => p[`kernel.kernel.${name}`]!;
  const mode = (h: number, n: number): { dA: C; dB: C } => {
    const at = h * M + n;
    const dt = Math.exp(kernel('log_dt')[h]!);
    const lambda: C = [-Math.exp(kernel('inv_A_real')[at]!), kernel('A_imag')[at]!];
    const half = scale(lambda, dt / 2);
    const below = minus([1, 0], half);
    const dA = r.disc === 'zoh' ? cexp(scale(lambda, dt)) : over(plus([1, 0], half), below);
    const factor = r.disc === 'zoh' ? over(minus(dA, [1, 0]), lambda) : over([dt, 0], below);
    return { dA, dB: times(factor, pair(kernel('B'), at)) };
  };
  return perSequence(x, shape, (rows) => {
    const register = Array.from({ length: D }, () => new Float64Array(N));
    const states = new Map<string, C>();
    return rows.map((row) => {
      const [q, k, v] = [map('q_proj', row), map('k_proj', row), map('v_proj', row)];
      const remembered = k.map((value, c) => {
        const taps = register[c]!;
        taps.copyWithin(1, 0, N - 1);
        taps[0] = 0;
        let total = p['ssm_k_D']![c]! * value;
        for (let j = 0; j < N; j++) {
          taps[j]! += p['ssm_k_kernel.kernel.B']![c * N + j]! * value;
          total += p['ssm_k_kernel.kernel.C']![c * N + j]! * taps[j]!;
        }
        return total;
      });
      const o = new Array<number>(D).fill(0);
      for (let h = 0; h < H; h++) {
        for (let i = 0; i < d; i++) {
          for (let j = 0; j < d; j++) {
            const kv = remembered[h * d + i]! * v[h * d + j]!;
            let s = p['D']![h]! * kv;
            for (let n = 0; n < M; n++) {
              const { dA, dB } = mode(h, n);
              const key = [h, i, j, n].join();
              const state = plus(times(dA, states.get(key) ?? [0, 0]), scale(dB, kv));
              states.set(key, state);
              s += 2 * times(pair(kernel('C'), h * M + n), state)[0];
            }
            o[j * H + h]! += q[h * d + i]! * s;
          }
        }
      }
      return map('output_linear', o);
    });
  });
}
