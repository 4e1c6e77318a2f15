/**
 * @file Python pickles that hold plain containers and what the caller knows, and nothing else. Pickles are programs:
 * this reader runs none of them. A global is a name that the caller's table has or the file is refused.
 * (CPython, Lib/pickletools.py.)
 */

export class PickleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PickleError';
  }
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleDict
  | PickleTuple
  | PickleCall
  | { readonly known: object };

/** Keys in order; a Map, so that no name can reach a prototype. */
export type PickleDict = Map<PickleValue, PickleValue>;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A known callable; called by REDUCE through the table. */
export class PickleCall {
  constructor(readonly call: (args: readonly PickleValue[]) => PickleValue) {}
}

export interface PickleTable {
  /** What a global stands for; undefined refuses the file. */
  global(module: string, name: string): PickleValue | undefined;
  /** What a persistent id stands for. */
  persistent?(id: PickleValue): PickleValue;
  /** Gives what a global has made its state; undefined refuses all but attributes of mappings, which are dropped. */
  build?(target: object, state: PickleValue): void;
  /** Strings of Python 2 stay bytes, as some of them are; otherwise they must be text. */
  readonly bytes?: boolean;
}

/** A state dict has some forty per tensor. Each may make a mapping, of some hundred bytes. */
const MAX_ITEMS = 1_000_000;
const MARK = Symbol('mark');
type Slot = PickleValue | typeof MARK;

const text = new TextDecoder('utf-8', { fatal: true });

const fail = (message: string): never => {
  throw new PickleError(message);
};

/** @throws PickleError for damage and for every global that the table does not know */
export function readPickle(bytes: Uint8Array, table: PickleTable): PickleValue {
  try {
    return new Machine(bytes, table).run();
  } catch (error) {
    if (error instanceof PickleError) throw error;
    // A decoder or a view complains: the file is damaged.
    throw new PickleError(`the pickle is damaged: ${(error as Error).message}`);
  }
}

class Machine {
  readonly #view: DataView;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;
  #items = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly table: PickleTable,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    for (;;) {
      if (++this.#items > MAX_ITEMS) return fail('the pickle has too many instructions');
      const code = this.#byte();
      if (code === 0x2e) return this.#pop();
      this.#step(code);
    }
  }

  #step(code: number): void {
    const stack = this.#stack;
    switch (String.fromCharCode(code)) {
      case '\x80':
        if (this.#byte() > 5) fail('the pickle has an unknown protocol');
        return;
      case '\x95':
        this.#take(8);
        return;
      case '(':
        stack.push(MARK);
        return;
      case '0':
        this.#pop();
        return;
      case '1':
        this.#marked();
        return;
      case 'N':
        return void stack.push(null);
      case '\x88':
        return void stack.push(true);
      case '\x89':
        return void stack.push(false);
      case 'K':
        return void stack.push(this.#byte());
      case 'M':
        return void stack.push(this.#view.getUint16(this.#move(2), true));
      case 'J':
        return void stack.push(this.#view.getInt32(this.#move(4), true));
      case '\x8a':
        return void stack.push(this.#long(this.#byte()));
      case 'G':
        return void stack.push(this.#view.getFloat64(this.#move(8), false));
      case 'X':
        return void stack.push(this.#text(this.#uint32()));
      case '\x8c':
        return void stack.push(this.#text(this.#byte()));
      case 'U':
        return void stack.push(this.#oldString(this.#byte()));
      case 'T':
        return void stack.push(this.#oldString(this.#uint32()));
      case 'B':
        return void stack.push(this.#take(this.#uint32()).slice());
      case 'C':
        return void stack.push(this.#take(this.#byte()).slice());
      case ')':
        return void stack.push(new PickleTuple([]));
      case '\x85':
        return this.#tuple(1);
      case '\x86':
        return this.#tuple(2);
      case '\x87':
        return this.#tuple(3);
      case 't':
        return void stack.push(new PickleTuple(this.#marked()));
      case ']':
        return void stack.push([]);
      case 'l':
        return void stack.push(this.#marked());
      case '}':
        return void stack.push(new Map());
      case 'd':
        return this.#setItems(new Map(), this.#marked());
      case 'a': {
        const value = this.#pop();
        this.#list().push(value);
        return;
      }
      case 'e': {
        const values = this.#marked();
        const list = this.#list();
        for (const value of values) list.push(value);
        return;
      }
      case 's': {
        const value = this.#pop();
        const key = this.#pop();
        return this.#setItems(this.#popDict(), [key, value]);
      }
      case 'u': {
        const items = this.#marked();
        return this.#setItems(this.#popDict(), items);
      }
      case 'q':
        return void this.#memo.set(this.#byte(), this.#top());
      case 'r':
        return void this.#memo.set(this.#uint32(), this.#top());
      case '\x94':
        return void this.#memo.set(this.#memo.size, this.#top());
      case 'h':
        return void stack.push(this.#remembered(this.#byte()));
      case 'j':
        return void stack.push(this.#remembered(this.#uint32()));
      case 'c': {
        const module = this.#line();
        return void stack.push(this.#global(module, this.#line()));
      }
      case '\x93': {
        const [name, module] = [this.#pop(), this.#pop()];
        if (typeof name !== 'string' || typeof module !== 'string') return fail('a global has no name');
        return void stack.push(this.#global(module, name));
      }
      case 'Q':
        return void stack.push(this.#persistent(this.#pop()));
      case 'R': {
        const [args, callable] = [this.#pop(), this.#pop()];
        if (!(args instanceof PickleTuple) || !(callable instanceof PickleCall))
          return fail('a call is damaged');
        return void stack.push(callable.call(args.items));
      }
      case 'b': {
        const [state, target] = [this.#pop(), this.#top()];
        // Attributes of a container, such as a state dict's `_metadata`; nothing here needs them.
        if (target instanceof Map) return;
        if (!this.table.build || target === null || typeof target !== 'object' || !('known' in target)) {
          return fail('the pickle sets attributes of something that is no mapping');
        }
        return this.table.build(target.known, state);
      }
      default:
        fail(
          `the pickle has the instruction 0x${code.toString(16)}, which tensors and plain containers do not need`,
        );
    }
  }

  #global(module: string, name: string): PickleValue {
    const found = this.table.global(module, name);
    if (found !== undefined) return found;
    return fail(`it wants to load ${`${module}.${name}`.slice(0, 200)}, which is code and not a tensor`);
  }

  #move(count: number): number {
    const at = this.#at;
    if (count > this.bytes.length - at) return fail('the pickle is cut off');
    this.#at = at + count;
    return at;
  }
  #byte(): number {
    return this.bytes[this.#move(1)]!;
  }
  #uint32(): number {
    return this.#view.getUint32(this.#move(4), true);
  }
  #take(count: number): Uint8Array {
    const at = this.#move(count);
    return this.bytes.subarray(at, at + count);
  }
  #text(length: number): string {
    return text.decode(this.#take(length));
  }
  #oldString(length: number): PickleValue {
    return this.table.bytes ? this.#take(length) : this.#text(length);
  }
  #persistent(id: PickleValue): PickleValue {
    return this.table.persistent ? this.table.persistent(id) : fail('the pickle refers to another file');
  }
  #line(): string {
    const end = this.bytes.indexOf(0x0a, this.#at);
    if (end < 0 || end - this.#at > 1024) return fail('a name is cut off');
    const line = text.decode(this.bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return line;
  }
  #long(length: number): number | bigint {
    const bytes = this.#take(length);
    const digits = Buffer.from(bytes).reverse().toString('hex');
    const signed = BigInt.asIntN(8 * length, BigInt(`0x${digits || '0'}`));
    return signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(signed)
      : signed;
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) return fail('the pickle takes what it did not put');
    return value as PickleValue;
  }
  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) return fail('the pickle takes what it did not put');
    return value as PickleValue;
  }
  #marked(): PickleValue[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) return fail('the pickle has no mark');
    return (this.#stack.splice(at) as PickleValue[]).slice(1);
  }
  #tuple(count: number): void {
    const items = Array.from({ length: count }, () => this.#pop()).reverse();
    this.#stack.push(new PickleTuple(items));
  }
  #list(): PickleValue[] {
    const list = this.#top();
    return Array.isArray(list) ? list : fail('the pickle appends to something that is no list');
  }
  #popDict(): PickleDict {
    const dict = this.#pop();
    return dict instanceof Map ? dict : fail('the pickle sets items of something that is no mapping');
  }
  #setItems(dict: PickleDict, items: readonly PickleValue[]): void {
    if (items.length % 2 !== 0) fail('a mapping has a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
    this.#stack.push(dict);
  }
  #remembered(index: number): PickleValue {
    const value = this.#memo.get(index);
    return value === undefined ? fail('the pickle remembers what it never saw') : value;
  }
}
