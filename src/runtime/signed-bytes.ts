/**
 * @file Whether this processor multiplies signed bytes exactly. Those without instructions for it (VNNI on x86) add
 * pairs of products in 16 bits, which overflow silently; the others are a third faster with signed weights.
 */
import { compile, input, quantizedLinear } from '../graph';
import { openSession } from './ort';

const COLUMNS = 64;
const ROWS = 32;
const LARGEST = 127;

let known: Promise<boolean> | undefined;

/** Tried once: every pair of products of these numbers overflows where any can. */
export function signedBytesExact(): Promise<boolean> {
  known ??= measure();
  return known;
}

async function measure(): Promise<boolean> {
  const matrix = {
    bits: 8,
    signed: true,
    rows: ROWS,
    columns: COLUMNS,
    data: new Uint8Array(ROWS * COLUMNS).fill(LARGEST),
    scales: new Float32Array(ROWS).fill(1),
  } as const;
  // One token and several have kernels of their own.
  const program = Object.fromEntries(
    [1, 4].map((tokens) => [`y${tokens}`, quantizedLinear(input(`x${tokens}`, [tokens, COLUMNS]), matrix)]),
  );
  const session = await openSession(compile(program, { target: 'cpu' }), { device: 'cpu', threads: 1 });
  try {
    const ones = (tokens: number): Float32Array => new Float32Array(tokens * COLUMNS).fill(1);
    const found = (await session.run({ x1: ones(1), x4: ones(4) })) as Record<string, Float32Array>;
    const expected = COLUMNS * LARGEST;
    return Object.values(found).every((y) => y.every((value) => Math.abs(value - expected) < 1));
  } finally {
    await session.release();
  }
}
