/** @file A model that others saved: what it is here, and which of their tensors our parameters are. */
import { shorten } from '../../util/shorten';
import * as z from 'zod';
import type { LayerItem, ModelConfig } from '../config';

/** One tensor of a file, under the first of its names that there is. */
export interface Piece {
  readonly names: readonly string[];
  /** The file holds −exp(A_log), or the lower half of the rows above the upper one. */
  readonly convert?: 'log-of-negative' | 'swap-halves';
  /** Rows of our parameter that the piece is, where it is not all of them; for writing. */
  readonly rows?: number;
  /** Their shape, where it is another than that of these rows. */
  readonly shape?: readonly number[];
  /** The first two axes (a, b) of all pieces together, the other way round in our parameter: (b, a, …). */
  readonly swapped?: readonly [a: number, b: number];
}

export interface ForeignModel {
  /** For people, for example `Hugging Face mamba2`. */
  readonly family: string;
  readonly model: ModelConfig;
  /** Rows of the embedding, padding included. */
  readonly vocab_size: number;
  /** What one of our parameters is made of; several pieces lie below each other. */
  pieces(name: string): readonly Piece[];
  /** Tensors that a file may have and that nothing is computed from. */
  ignored(name: string): boolean;
  /** Ids that end a text. */
  readonly end?: readonly number[];
}

/** A layer item as written. */
export interface WrittenMixer {
  readonly mixer: string;
  readonly share?: string;
  readonly [option: string]: unknown;
}

/** Their names of the parts of in_proj of attention, from the top. */
export const projections = ['q_proj', 'k_proj', 'v_proj'] as const;

/** The config cannot be used; the message says which key and why. */
export class ForeignModelError extends Error {
  constructor(message: string) {
    super(shorten(message));
    this.name = 'ForeignModelError';
  }
}

/** Bounds that no published model comes near; they keep a hostile config from asking for everything. */
export const size = z
  .int()
  .positive()
  .max(2 ** 24);
export const layerCount = z.int().positive().max(4096);
export const infinite = z.union([
  z.number(),
  z.literal('Infinity'),
  z.custom<number>((value) => value === Infinity),
]);
export const limits = z.tuple([z.number().min(0), infinite]);

/** Limits of Δ as the layer's options write them. */
export const dtLimit = ([low, high]: readonly [number, unknown]): [number, number | 'inf'] => [
  low,
  typeof high === 'number' && Number.isFinite(high) ? high : 'inf',
];

const ids = z.union([z.int().min(0), z.array(z.int().min(0)).max(64)]).nullish();
export const endKeys = { eos_token_id: ids };

export const endOf = ({ eos_token_id: id }: { eos_token_id?: number | number[] | null | undefined }) =>
  id === null || id === undefined ? {} : { end: typeof id === 'number' ? [id] : id };

/** @throws ForeignModelError naming the first key that is wrong */
export function parse<T extends z.ZodType>(schema: T, config: unknown): z.output<T> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new ForeignModelError(`${issue.path.map(String).join('.') || 'contents'}: ${issue.message}.`);
}

/** Layers written briefly: repeated ones, and repeated pairs of a mixer and what follows it. */
export function brief(layers: readonly LayerItem[]): LayerItem[] {
  const pairs = layers.length % 2 === 0 && layers.length > 2;
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const items: LayerItem[] = [];
  if (pairs && layers.every((_, i) => i % 2 === 1 || same(layers[i + 1], layers[1]))) {
    for (let i = 0; i < layers.length; i += 2) items.push({ block: [layers[i]!, layers[i + 1]!] });
  } else items.push(...layers);
  const found: { item: LayerItem; count: number }[] = [];
  for (const item of items) {
    const last = found.at(-1);
    if (last && same(last.item, item)) last.count++;
    else found.push({ item, count: 1 });
  }
  return found.map(({ item, count }) => (count === 1 ? item : { ...item, repeat: count }));
}

/** Our layers in order, each with the prefixes of its norm and of its mixer in the file. */
export class Placements {
  readonly layers: WrittenMixer[] = [];
  readonly #prefixes: [ours: string, theirs: string][] = [];

  add(layer: WrittenMixer, norm: string, mixer: string): void {
    const prefix = `backbone.layers.${this.layers.length}`;
    this.#prefixes.push([`${prefix}.norm.`, norm], [`${prefix}.mixer.`, mixer]);
    this.layers.push(layer);
  }

  /** Their name of a parameter of one of our layers; undefined for the others. */
  nameOf(name: string): { prefix: string; rest: string } | undefined {
    const match = /^backbone\.layers\.(\d+)\.(norm|mixer)\./.exec(name);
    if (!match) return undefined;
    const found = this.#prefixes[2 * Number(match[1]) + (match[2] === 'norm' ? 0 : 1)];
    return found && { prefix: found[1], rest: name.slice(found[0].length) };
  }
}
