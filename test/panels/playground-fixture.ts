/**
 * @file What the Playground's process answers, from a real if small model: the next byte after two bytes, counted in the
 * novel that ships with the product.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Facts, Result, Settings, Token } from '../../src/protocol/playground';
import { Random } from '../../src/util/random';
import { byteLabel } from '../../src/tokenizers';

const ALPHABET = 256;
let counted: Map<number, Float64Array> | undefined;

/** Probabilities of the next byte after two. */
function after(a: number, b: number): Float64Array {
  if (!counted) {
    counted = new Map();
    const text = fs.readFileSync(path.resolve(__dirname, '../../media/data/moby-dick.txt'));
    for (let i = 2; i < Math.min(text.length, 400_000); i++) {
      const key = text[i - 2]! * ALPHABET + text[i - 1]!;
      let row = counted.get(key);
      if (!row) counted.set(key, (row = new Float64Array(ALPHABET)));
      row[text[i]!]!++;
    }
  }
  const row = counted.get(a * ALPHABET + b) ?? new Float64Array(ALPHABET).fill(1);
  const total = row.reduce((sum, value) => sum + value, 0);
  return row.map((value) => value / total);
}

export const facts: Facts = {
  parameters: 251_952,
  layers: { mamba2: 2 },
  vocabulary: 256,
  prompt: 'text',
  bits: 32,
  memory: 181_000_000,
  stateBytes: 75_776,
  step: 700,
};

export const result = (tokens: number, finish: Result['finish'] = 'length'): Result => ({
  finish,
  tokens,
  seconds: tokens / 1700,
  kept: { states: tokens, bytes: tokens * 76_800, every: 1 },
});

/** Tokens that continue a text. */
export function continued(text: string, count: number, { seed, temperature }: Settings): Token[] {
  const bytes = [...new TextEncoder().encode(text)];
  const tokens: Token[] = [];
  for (let i = 0; i < count; i++) {
    const p = after(bytes.at(-2) ?? 32, bytes.at(-1) ?? 32);
    const order = Array.from(p.keys()).toSorted((x, y) => p[y]! - p[x]! || x - y);
    const weights = order.map((byte) => (temperature === 0 ? 0 : p[byte]! ** (1 / temperature)));
    let left = new Random(seed, 'fixture', bytes.length).uniform() * weights.reduce((sum, w) => sum + w, 0);
    const place =
      temperature === 0
        ? 0
        : Math.max(
            0,
            weights.findIndex((weight) => (left -= weight) < 0),
          );
    const id = order[place]!;
    const entropy = p.reduce((sum, value) => (value > 0 ? sum - value * Math.log2(value) : sum), 0);
    tokens.push({
      id,
      label: byteLabel(id),
      text: String.fromCharCode(id),
      logprob: Math.log(p[id]!),
      rank: place + 1,
      entropy,
      alternatives: order
        .slice(0, 10)
        .filter((byte) => p[byte]! > 0)
        .map((byte) => ({ id: byte, label: byteLabel(byte), logprob: Math.log(p[byte]!) })),
    });
    bytes.push(id);
  }
  return tokens;
}
