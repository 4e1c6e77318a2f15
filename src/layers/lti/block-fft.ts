/**
 * @file A Fourier transform as blocks of small matrix products, whose matrices may be learned (learned butterfly),
 * after `BlockFFT` of HazyResearch/safari (src/models/sequence/block_fft.py at 02220c6).
 */
import * as g from '../../graph';
import type { Complex, Tensor } from '../../graph';

const { both, cmul, creshape, cscale, conjugate } = g.complex;

/** Real or complex rows: a real one has no imaginary part. */
type Rows = Pick<Complex, 're'> & Partial<Complex>;

/** The matrix of each block size, (m, m). */
export type Blocks = (m: number) => Complex;

/** The sizes of blocks that a transform of length N is made of, largest first. */
export function blockSizes(N: number, largest: number): number[] {
  const sizes = new Set<number>();
  let rest = N;
  for (; rest > largest; rest /= largest) sizes.add(largest);
  return [...sizes.add(rest)];
}

const table = (rows: number, columns: number, N: number): Complex => {
  const wave = (f: (x: number) => number): Tensor =>
    g.constant(
      Float32Array.from({ length: rows * columns }, (_, i) => {
        const turn = (Math.floor(i / columns) * (i % columns)) % N;
        return f((-2 * Math.PI * turn) / N);
      }),
      [rows, columns],
    );
  return { re: wave(Math.cos), im: wave(Math.sin) };
};

/** The matrices of the discrete Fourier transform. */
export const exactBlocks: Blocks = (m) => table(m, m, m);

/** Values of the m × m transform, (re, im) last. */
export const dftEntry =
  (m: number) =>
  (index: number): number => {
    const [row, column] = [Math.floor(index / (2 * m)), Math.floor(index / 2) % m];
    const angle = (-2 * Math.PI * ((row * column) % m)) / m;
    return index % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  };

/** M x over the second-to-last axis. */
function multiply({ re, im }: Complex, x: Rows): Complex {
  if (!x.im) return { re: g.matmul(re, x.re), im: g.matmul(im, x.re) };
  return {
    re: g.sub(g.matmul(re, x.re), g.matmul(im, x.im)),
    im: g.add(g.matmul(re, x.im), g.matmul(im, x.re)),
  };
}

/**
 * The transform of rows (rows, N): with t = i n + j and k = c m + a, blocks of m over i, twiddles, blocks of n over
 * j, which are divided again while n exceeds the largest block.
 * @param largest block, a power of two smaller than N
 */
export function blockTransform(x: Rows, largest: number, blocks: Blocks): Complex {
  const [rows, N] = x.re.shape as [number, number];
  const [m, n] = [largest, N / largest];
  const divide = (part: Tensor): Tensor => g.reshape(part, [rows, m, n]);
  const first = multiply(blocks(m), { re: divide(x.re), ...(x.im && { im: divide(x.im) }) });
  const swap = (part: Tensor): Tensor => g.transpose(part, [0, 2, 1]);
  const turned = cmul(both(first, swap), table(n, m, N));
  if (n <= largest) return creshape(multiply(blocks(n), turned), [rows, N]);
  const inner = blockTransform(creshape(both(turned, swap), [rows * m, n]), largest, blocks);
  return creshape(both(creshape(inner, [rows, m, n]), swap), [rows, N]);
}

/** The exact inverse, by the conjugate of the transform of the conjugate. */
export function inverseBlockTransform(x: Complex, largest: number): Complex {
  const N = x.re.shape[1]!;
  return cscale(conjugate(blockTransform(conjugate(x), largest, exactBlocks)), 1 / N);
}
