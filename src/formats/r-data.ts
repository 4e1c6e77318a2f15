/**
 * @file What R saves, as far as it is data: vectors, lists, factors, data frames. Serialization in its binary form,
 * versions 2 and 3; code and environments are refused. (R Internals, section 1.8, "Serialization Formats".)
 */

export class RDataError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RDataError';
  }
}

export type RValue =
  | { readonly kind: 'null' }
  /** Logical, integer, factor or double; NA is NaN. */
  | { readonly kind: 'numbers'; readonly values: Float64Array; readonly attributes: RAttributes }
  /** NA is null. */
  | {
      readonly kind: 'strings';
      readonly values: readonly (string | null)[];
      readonly attributes: RAttributes;
    }
  /** `names`: those of a pairlist; those of a list are among its attributes. */
  | {
      readonly kind: 'list';
      readonly values: readonly RValue[];
      readonly names: readonly string[];
      readonly attributes: RAttributes;
    }
  | { readonly kind: 'symbol'; readonly name: string };

export type RAttributes = ReadonlyMap<string, RValue>;

const NULL: RValue = { kind: 'null' };
const NONE: RAttributes = new Map();
const NA_INTEGER = -(2 ** 31);
const MAX_DEPTH = 200;
/** Elements of sequences that are made without asking. */
const FREE_SEQUENCES = 1e6;

const fail = (message: string): never => {
  throw new RDataError(message);
};

/**
 * @param bytes a serialized value, uncompressed, from its "X\n" on; or a workspace from its "RDX2\n" or "RDX3\n" on
 * @returns a workspace is a list with the names of its objects
 * @throws RDataError when it is damaged, or no data
 */
export function readRData(bytes: Uint8Array): RValue {
  return new Reader(bytes).whole();
}

/** Element `name` of a list. */
export function elementOf(value: RValue | undefined, name: string): RValue | undefined {
  if (value?.kind !== 'list') return undefined;
  const place = namesOf(value).indexOf(name);
  return place < 0 ? undefined : value.values[place];
}

/** Names of the elements of a list, '' where there is none. */
export function namesOf(list: Extract<RValue, { kind: 'list' }>): readonly string[] {
  const written = list.attributes.get('names');
  return written?.kind === 'strings' ? written.values.map((name) => name ?? '') : list.names;
}

class Reader {
  readonly #view: DataView;
  readonly #symbols: RValue[] = [];
  #at = 0;
  #depth = 0;
  /** Elements of all sequences so far. */
  #sequences = 0;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  whole(): RValue {
    if (/^RD.[23]\n$/.test(this.#peek(5))) this.#move(5);
    const format = this.#peek(2);
    if (format === 'A\n' || format === 'B\n')
      fail('it is not in the portable binary form that R saves by default');
    if (format !== 'X\n') fail('it is no data of R');
    this.#move(2);
    const version = this.#int();
    if (version !== 2 && version !== 3) fail(`it has the unknown version ${version}`);
    this.#move(8);
    // The encoding of strings that state none.
    if (version === 3) this.#move(this.#length(1));
    return this.#item();
  }

  #item(): RValue {
    if (++this.#depth > MAX_DEPTH) fail('it is nested too deeply');
    const value = this.#typed(this.#int());
    this.#depth--;
    return value;
  }

  #typed(flags: number): RValue {
    const type = flags & 0xff;
    const attributes = (): RAttributes => (flags & 0x200 ? attributesOf(this.#item()) : NONE);
    switch (type) {
      case 254: // nil
      case 253: // the global, base and empty environments, the missing argument: what data may refer to
      case 251:
      case 242:
      case 241:
        return NULL;
      case 255:
        return this.#symbols[(flags >>> 8 || this.#int()) - 1] ?? fail('it refers to what it never had');
      case 1: {
        const symbol: RValue = { kind: 'symbol', name: this.#character(this.#int()) ?? 'NA' };
        this.#symbols.push(symbol);
        return symbol;
      }
      case 2:
      case 6:
        return this.#pairs(flags);
      case 10:
      case 13: {
        const count = this.#length(4);
        const values = Float64Array.from({ length: count }, () => {
          const value = this.#int();
          return value === NA_INTEGER ? Number.NaN : value;
        });
        return { kind: 'numbers', values, attributes: attributes() };
      }
      case 14: {
        const count = this.#length(8);
        const values = Float64Array.from({ length: count }, () => this.#view.getFloat64(this.#move(8)));
        return { kind: 'numbers', values, attributes: attributes() };
      }
      case 16: {
        const count = this.#length(8);
        const values = Array.from({ length: count }, () => this.#character(this.#int()));
        return { kind: 'strings', values, attributes: attributes() };
      }
      case 19: {
        const count = this.#length(4);
        const values = Array.from({ length: count }, () => this.#item());
        return { kind: 'list', values, names: [], attributes: attributes() };
      }
      case 238:
        return this.#compact();
      default:
        return fail(`it holds an object of type ${type}, which is no data`);
    }
  }

  /** A linked list, its elements one behind the other. */
  #pairs(first: number): RValue {
    const [values, names]: [RValue[], string[]] = [[], []];
    let attributes = NONE;
    for (let flags = first; (flags & 0xff) === 2 || (flags & 0xff) === 6; flags = this.#int()) {
      if (flags & 0x200) {
        const own = attributesOf(this.#item());
        if (values.length === 0) attributes = own;
      }
      const tag = flags & 0x400 ? this.#item() : NULL;
      names.push(tag.kind === 'symbol' ? tag.name : '');
      values.push(this.#item());
      if ((this.#peekInt() & 0xff) === 254) {
        this.#move(4);
        break;
      }
    }
    return { kind: 'list', values, names, attributes };
  }

  /** Vectors that R keeps in another form: a sequence of numbers, or a vector with facts about it. */
  #compact(): RValue {
    const [info, state, attributes] = [this.#item(), this.#item(), attributesOf(this.#item())];
    const form = info.kind === 'list' && info.values[0]?.kind === 'symbol' ? info.values[0].name : '';
    if (form.startsWith('wrap_') && state.kind === 'list') {
      const inner = state.values[0] ?? NULL;
      return inner.kind === 'null' || inner.kind === 'symbol' ? inner : { ...inner, attributes };
    }
    if (!/^compact_(int|real)seq$/.test(form) || state.kind !== 'numbers' || state.values.length !== 3) {
      return fail(`it holds a vector in the form ${form.slice(0, 40)}`);
    }
    const [count, start, step] = state.values as unknown as [number, number, number];
    // A few bytes could ask for any memory: data have other columns of the same length beside a sequence.
    if (!(Number.isInteger(count) && count >= 0)) return fail('a sequence has no length');
    this.#sequences += count;
    if (this.#sequences > FREE_SEQUENCES + this.bytes.length) return fail('its sequences are too long');
    return {
      kind: 'numbers',
      values: Float64Array.from({ length: count }, (_, i) => start + i * step),
      attributes,
    };
  }

  #character(flags: number): string | null {
    if ((flags & 0xff) !== 9) return fail('a string is damaged');
    const size = this.#int();
    if (size === -1) return null;
    const at = this.#move(size);
    const bytes = this.bytes.subarray(at, at + size);
    // Bit 2 of the levels: ISO 8859-1.
    return (flags >>> 12) & 4 ? Buffer.from(bytes).toString('latin1') : new TextDecoder().decode(bytes);
  }

  /** A number of elements of which each takes at least `size` bytes. */
  #length(size: number): number {
    const count = this.#int();
    if (count < 0 || count * size > this.bytes.length - this.#at) return fail('it is cut off');
    return count;
  }
  #int(): number {
    return this.#view.getInt32(this.#move(4));
  }
  #peekInt(): number {
    return this.#at + 4 <= this.bytes.length ? this.#view.getInt32(this.#at) : fail('it is cut off');
  }
  #peek(count: number): string {
    return Buffer.from(this.bytes.subarray(this.#at, this.#at + count)).toString('latin1');
  }
  #move(count: number): number {
    if (count < 0 || count > this.bytes.length - this.#at) return fail('it is cut off');
    this.#at += count;
    return this.#at - count;
  }
}

function attributesOf(list: RValue): RAttributes {
  if (list.kind !== 'list') return NONE;
  return new Map(list.names.map((name, i) => [name, list.values[i]!]));
}
