/** @file Reading hyperparameters: absent and null are the default, an unknown value is not supported. */
import { MalformedCase, NotSupported } from './errors';

/** Keys that only describe; their text never changes what is built. */
const DESCRIPTIVE = new Set(['schedule', 'sampling', 'encoder', 'mlp', 'mode', 'batch_layout']);

/** The hyperparameters of one case or of one nested mapping, read key by key. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(
    values: Readonly<Record<string, unknown>>,
    readonly where = '',
  ) {
    this.#values = values;
  }

  /** Keys that repeat what the tensors' shapes say; the shapes win. */
  informative(...keys: string[]): void {
    for (const key of keys) {
      const value = this.#take(key);
      if (value !== undefined && value !== 'auto' && typeof value !== 'number')
        throw this.#unsupported(key, value);
    }
  }

  /** Keys that only choose initial values or an implementation; the parameters are given, so they change nothing. */
  irrelevant(...keys: string[]): void {
    for (const key of keys) this.#take(key);
  }

  /** Keys whose text only describes; it never changes what is built. */
  describes(...keys: string[]): void {
    for (const key of keys) {
      const value = this.#take(key);
      if (value !== undefined && typeof value !== 'string') throw this.#unsupported(key, value);
    }
  }

  boolean(key: string): boolean | undefined {
    const value = this.#take(key);
    if (value !== undefined && typeof value !== 'boolean') throw this.#unsupported(key, value);
    return value;
  }

  integer(key: string): number | undefined {
    const value = this.#take(key);
    if (value !== undefined && !Number.isSafeInteger(value)) throw this.#unsupported(key, value);
    return value as number | undefined;
  }

  /** @throws MalformedCase when the key is absent */
  size(key: string): number {
    const value = this.integer(key);
    if (value === undefined || value < 1)
      throw new MalformedCase(`hyperparameter ${this.where}${key} must be a size`);
    return value;
  }

  /** A number; ∞ may be written as text. */
  number(key: string): number | undefined {
    const value = this.#take(key);
    return value === undefined ? undefined : this.#toNumber(key, value);
  }

  pair(key: string): [number, number] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length !== 2) throw this.#unsupported(key, value);
    return [this.#toNumber(key, value[0]), this.#toNumber(key, value[1])];
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value !== undefined && typeof value !== 'string') throw this.#unsupported(key, value);
    return value;
  }

  /** One of the words, or undefined. */
  word<T extends string>(key: string, words: readonly T[]): T | undefined {
    const value = this.#take(key);
    if (value !== undefined && !words.includes(value as T)) throw this.#unsupported(key, value);
    return value as T | undefined;
  }

  list<T>(key: string, is: (item: unknown) => item is T): T[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(is)) throw this.#unsupported(key, value);
    return value as T[];
  }

  /** A nested mapping; empty when absent. */
  nested(key: string): Options {
    const value = this.#take(key) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#unsupported(key, value);
    return new Options(value as Record<string, unknown>, `${this.where}${key}.`);
  }

  /** @throws NotSupported for a key that nobody asked for: it may change what has to be built */
  finish(): void {
    for (const [key, value] of Object.entries(this.#values)) {
      const known = this.#read.has(key) || value === null || DESCRIPTIVE.has(key);
      if (!known) throw this.#unsupported(key, value);
    }
  }

  #take(key: string): unknown {
    this.#read.add(key);
    return Object.hasOwn(this.#values, key) ? (this.#values[key] ?? undefined) : undefined;
  }

  #toNumber(key: string, value: unknown): number {
    if (value === 'Infinity' || value === 'inf') return Infinity;
    if (typeof value !== 'number' || Number.isNaN(value)) throw this.#unsupported(key, value);
    return value;
  }

  #unsupported(key: string, value: unknown): NotSupported {
    return new NotSupported(`hyperparameter ${this.where}${key}: ${JSON.stringify(value)} is not supported`);
  }
}

export const isInteger = (item: unknown): item is number => Number.isSafeInteger(item);
export const isText = (item: unknown): item is string => typeof item === 'string';
