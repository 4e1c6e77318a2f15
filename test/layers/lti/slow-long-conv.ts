/** @file The long convolution by its definition, and its learned transform block by block. */
import type { BlockSizes } from '../../../src/layers/lti/s4-block';
import { type Shape3, type Values } from '../slow';
import { cexp, conj, pair, plus, scale, times, type C } from './complex';
import { activations, outputMap, slowBlock } from './slow-s4';
import { perSequence } from '../slow';

interface SlowLongConv extends BlockSizes {
  readonly l_max: number;
  readonly lam: number;
  readonly use_ma_smoothing: boolean;
  readonly ma_window_len: number;
  readonly block_fft: boolean;
  readonly fft_length: number;
  readonly max_m: number;
}

const squash = (x: number, lam: number): number => Math.sign(x) * Math.max(Math.abs(x) - lam, 0);

export function slowLongConv(x: Float64Array, shape: Shape3, p: Values, r: SlowLongConv): Float64Array {
  const H = shape[2];
  const raw = (kernel: number, h: number, lag: number): number =>
    lag < 0 || lag >= r.l_max ? 0 : p['kernel.kernel']![(kernel * H + h) * r.l_max + lag]!;
  const tap = (kernel: number, h: number, lag: number): number => {
    if (lag >= r.l_max) return 0;
    if (!r.use_ma_smoothing) return squash(raw(kernel, h, lag), r.lam);
    const half = (r.ma_window_len - 1) / 2;
    let total = 0;
    for (let d = -half; d <= half; d++) total += raw(kernel, h, lag + d);
    return squash(total / r.ma_window_len, r.lam);
  };
  const named = { ...p, 'layer.D': p['D']! };
  return r.block_fft ? throughBlocks(x, shape, named, r, tap) : slowBlock(x, shape, named, r, tap);
}

/** X[c m + a] from x[i n + j]: blocks over i, twiddles, blocks over j. */
function transform(x: C[], largest: number, block: (m: number, row: number, column: number) => C): C[] {
  const N = x.length;
  if (N <= largest) {
    return x.map((_, c) => x.reduce<C>((sum, value, j) => plus(sum, times(block(N, c, j), value)), [0, 0]));
  }
  const [m, n] = [largest, N / largest];
  const out = new Array<C>(N);
  for (let a = 0; a < m; a++) {
    const column = Array.from({ length: n }, (_, j): C => {
      let sum: C = [0, 0];
      for (let i = 0; i < m; i++) sum = plus(sum, times(block(m, a, i), x[i * n + j]!));
      return times(sum, cexp([0, (-2 * Math.PI * j * a) / N]));
    });
    for (const [c, value] of transform(column, largest, block).entries()) out[c * m + a] = value;
  }
  return out;
}

function throughBlocks(
  x: Float64Array,
  shape: Shape3,
  p: Values,
  r: SlowLongConv,
  tap: (kernel: number, h: number, lag: number) => number,
): Float64Array {
  const N = r.fft_length;
  const learned = (m: number, row: number, column: number): C =>
    pair(p[`block_fft.mat_${m}`]!, row * m + column);
  const exact = (m: number, row: number, column: number): C => cexp([0, (-2 * Math.PI * row * column) / m]);
  return perSequence(x, shape, (rows) => {
    const H = rows[0]!.length;
    const y = rows.map(() => new Array<number>(r.channels * H).fill(0));
    for (let i = 0; i < r.channels * H; i++) {
      const [c, h] = [Math.floor(i / H), i % H];
      const filter = Array.from({ length: N }, (_, t): C => [
        tap(c, h, t) + (r.bidirectional ? tap(r.channels + c, h, N - 1 - t) : 0),
        0,
      ]);
      const input = Array.from({ length: N }, (_, t): C => [rows[t]?.[h] ?? 0, 0]);
      const [U, K] = [transform(input, r.max_m, learned), transform(filter, r.max_m, learned)];
      const back = transform(
        U.map((value, k) => conj(times(value, K[k]!))),
        r.max_m,
        exact,
      );
      for (const [t, row] of rows.entries()) {
        y[t]![i] = scale(back[t]!, 1 / N)[0] + p['layer.D']![i]! * row[h]!;
      }
    }
    return y.map((row) => outputMap(row.map(activations[r.activation]), p, r));
  });
}
