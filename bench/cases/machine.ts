/** @file What the machine itself can do, measured as onnxruntime reaches it: matrix products, moving memory. */
import * as g from '../../src/graph';
import { openSession } from '../../src/runtime/ort';
import { timed, type Contestant } from '../harness';

const [ROWS, INNER, COLUMNS] = [2048, 512, 1024];
/** Operations of one product of the probe. */
export const PROBE_FLOPS = 2 * ROWS * INNER * COLUMNS;

const WORDS = 1 << 24;
/** Bytes that the copying probe reads and writes: two arrays beyond any cache. */
export const PROBE_BYTES = 2 * 4 * WORDS;

/** One large product of float32 matrices. */
export async function productProbe(threads: number): Promise<Contestant> {
  const y = g.matmul(g.input('a', [ROWS, INNER]), g.input('b', [INNER, COLUMNS]));
  const session = await openSession(g.compile({ y }, { target: 'cpu' }), { device: 'cpu', threads });
  const feeds = { a: new Float32Array(ROWS * INNER).fill(1), b: new Float32Array(INNER * COLUMNS).fill(1) };
  return {
    name: 'product of matrices',
    run: () => timed(() => session.run(feeds)),
    close: () => session.release(),
  };
}

/** Copies an array to another, both of which exist, so that no page is touched for the first time. */
export function copyProbe(): Contestant {
  const from = new Float32Array(WORDS).fill(1);
  const to = new Float32Array(WORDS).fill(2);
  return { name: 'copy', run: () => timed(() => to.set(from)), close: () => Promise.resolve() };
}
