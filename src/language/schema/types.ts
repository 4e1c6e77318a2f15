/**
 * @file The schema as editors, messages and documentation need it: a small tree of kinds with descriptions,
 * defaults and ranges, read from the zod schema so that nothing is said twice.
 */
import type * as z from 'zod';
import type { Path } from '../../config';

export interface Docs {
  readonly description?: string;
  /** As written; undefined when there is none. */
  readonly default?: unknown;
  /** Other facts beside the field: `symbol`, `unit`, `path`, … */
  readonly meta?: Readonly<Record<string, unknown>>;
}

export interface Field {
  readonly key: string;
  readonly required: boolean;
  readonly type: Type;
  readonly docs: Docs;
}

export interface MapType {
  readonly kind: 'map';
  readonly fields: ReadonlyMap<string, Field>;
}

export interface NumberType {
  readonly kind: 'number';
  readonly whole: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

export interface VariantsType {
  readonly kind: 'variants';
  /** The key whose value chooses: `mixer`, `type`. */
  readonly key: string;
  readonly variants: ReadonlyMap<string, MapType & { readonly description?: string }>;
  /** Other shapes, told by the presence of a key: `block`. */
  readonly others: ReadonlyMap<string, MapType>;
}

export type Type =
  | MapType
  | NumberType
  | VariantsType
  | { readonly kind: 'text' }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: 'list'; readonly item: Type; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'tuple'; readonly items: readonly Type[] }
  | { readonly kind: 'either'; readonly options: readonly Type[] }
  | { readonly kind: 'record'; /** What every key holds, where that is known. */ readonly value?: Type }
  | { readonly kind: 'any' };

type Def = { readonly type: string; readonly [key: string]: unknown };

const defOf = (schema: z.core.$ZodType): Def => schema._zod.def as unknown as Def;
const wrappers = new Set(['optional', 'default', 'prefault', 'nullable', 'readonly', 'catch', 'nonoptional']);

/** Reads a schema. Recursion (blocks within blocks) is followed once and then shared. */
export function readType(schema: z.core.$ZodType, seen = new Map<z.core.$ZodType, Type>()): Type {
  const def = defOf(schema);
  if (wrappers.has(def.type)) return readType(def['innerType'] as z.core.$ZodType, seen);
  if (def.type === 'pipe') return readType(def['in'] as z.core.$ZodType, seen);
  if (def.type === 'lazy') return readType((def['getter'] as () => z.core.$ZodType)(), seen);
  const known = seen.get(schema);
  if (known) return known;
  switch (def.type) {
    case 'object':
      return readObject(schema, def, seen);
    case 'union':
      return readUnion(schema, def, seen);
    case 'array': {
      const type: Type & { item: Type } = { kind: 'list', item: { kind: 'any' }, ...listBounds(schema) };
      seen.set(schema, type);
      type.item = readType(def['element'] as z.core.$ZodType, seen);
      return type;
    }
    case 'tuple':
      return {
        kind: 'tuple',
        items: (def['items'] as z.core.$ZodType[]).map((item) => readType(item, seen)),
      };
    case 'enum':
      return { kind: 'choice', values: Object.values(def['entries'] as Record<string, string | number>) };
    case 'literal':
      return { kind: 'choice', values: def['values'] as (string | number | boolean)[] };
    case 'number':
      return readNumber(schema);
    case 'boolean':
      return { kind: 'switch' };
    case 'string':
      return { kind: 'text' };
    case 'record': {
      const value = readType(def['valueType'] as z.core.$ZodType, seen);
      return value.kind === 'any' ? { kind: 'record' } : { kind: 'record', value };
    }
    default:
      return { kind: 'any' };
  }
}

function readObject(schema: z.core.$ZodType, def: Def, seen: Map<z.core.$ZodType, Type>): MapType {
  const fields = new Map<string, Field>();
  const type: MapType & { description?: string } = { kind: 'map', fields };
  const { description } = readDocs(schema);
  if (description) type.description = description;
  seen.set(schema, type);
  for (const [key, field] of Object.entries(def['shape'] as Record<string, z.core.$ZodType>)) {
    fields.set(key, { key, required: isRequired(field), type: readType(field, seen), docs: readDocs(field) });
  }
  return type;
}

function readUnion(schema: z.core.$ZodType, def: Def, seen: Map<z.core.$ZodType, Type>): Type {
  const options = def['options'] as z.core.$ZodType[];
  if (typeof def['discriminator'] === 'string') {
    const key = def['discriminator'];
    const variants = new Map<string, MapType>();
    const type: VariantsType = { kind: 'variants', key, variants, others: new Map() };
    seen.set(schema, type);
    for (const option of options) {
      const map = readType(option, seen) as MapType;
      const tag = map.fields.get(key)?.type;
      for (const value of tag?.kind === 'choice' ? tag.values : []) variants.set(String(value), map);
    }
    return type;
  }
  const holder: { -readonly [K in keyof VariantsType]: VariantsType[K] } = {
    kind: 'variants',
    key: '',
    variants: new Map(),
    others: new Map(),
  };
  seen.set(schema, holder);
  const types = options.map((option) => readType(option, seen));
  const tagged = types.find((type) => type.kind === 'variants');
  if (tagged?.kind === 'variants') {
    const others = new Map<string, MapType>();
    for (const type of types) {
      if (type.kind !== 'map') continue;
      const required = [...type.fields.values()].find((field) => field.required);
      if (required) others.set(required.key, type);
    }
    return Object.assign(holder, { key: tagged.key, variants: tagged.variants, others });
  }
  const either: Type = types.every((type) => type.kind === 'choice')
    ? { kind: 'choice', values: types.flatMap((type) => (type.kind === 'choice' ? type.values : [])) }
    : { kind: 'either', options: types };
  seen.set(schema, either);
  return either;
}

type Check = {
  readonly check: string;
  readonly value?: unknown;
  readonly inclusive?: boolean;
  readonly format?: string;
} & {
  readonly minimum?: number;
  readonly maximum?: number;
};

/** The checks of a schema, its own format (`z.int()`) included. */
function checksOf(schema: z.core.$ZodType): Check[] {
  const def = defOf(schema);
  const added = (def['checks'] ?? []) as z.core.$ZodCheck[];
  return [def as unknown as Check, ...added.map((check) => check._zod.def as unknown as Check)];
}

function readNumber(schema: z.core.$ZodType): NumberType {
  const type: { -readonly [K in keyof NumberType]: NumberType[K] } = { kind: 'number', whole: false };
  for (const { check, value, inclusive, format } of checksOf(schema)) {
    if (check === 'number_format' && format?.includes('int')) type.whole = true;
    if (typeof value !== 'number') continue;
    if (check === 'greater_than') type[inclusive ? 'minimum' : 'exclusiveMinimum'] = value;
    if (check === 'less_than') type[inclusive ? 'maximum' : 'exclusiveMaximum'] = value;
  }
  return type;
}

function listBounds(schema: z.core.$ZodType): { minimum: number; maximum: number } {
  const bounds = { minimum: 0, maximum: Infinity };
  for (const { check, minimum, maximum } of checksOf(schema)) {
    if (check === 'min_length' && minimum !== undefined) bounds.minimum = minimum;
    if (check === 'max_length' && maximum !== undefined) bounds.maximum = maximum;
  }
  return bounds;
}

/** Description, default and other facts, wherever in the chain of wrappers they were given. */
function readDocs(schema: z.core.$ZodType): Docs {
  const docs: { description?: string; default?: unknown; meta?: Record<string, unknown> } = {};
  for (let at: z.core.$ZodType | undefined = schema; at;) {
    const def = defOf(at);
    const meta = (at as z.ZodType).meta?.() as Record<string, unknown> | undefined;
    if (meta) {
      const { description, ...rest } = meta;
      if (typeof description === 'string') docs.description ??= description;
      if (Object.keys(rest).length > 0) docs.meta = { ...rest, ...docs.meta };
    }
    if (def.type === 'default') docs.default = def['defaultValue'];
    at = wrappers.has(def.type) ? (def['innerType'] as z.core.$ZodType) : undefined;
  }
  return docs;
}

const isRequired = (schema: z.core.$ZodType): boolean => schema._zod.optin === undefined;

/** Chooses among variants by what is written. `read` gives the text of a sibling key, if it is there. */
export function choose(
  type: VariantsType,
  read: (key: string) => string | undefined,
  has: (key: string) => boolean,
): MapType | undefined {
  const tag = read(type.key);
  const variant = tag === undefined ? undefined : type.variants.get(tag);
  if (variant) return variant;
  for (const [key, other] of type.others) if (has(key)) return other;
  return undefined;
}

/** How the type at a path is reached: the type itself and, for keys, the field with its documentation. */
export interface Located {
  readonly type: Type;
  readonly field?: Field;
  /** The mapping that holds the field. */
  readonly parent?: MapType;
}

/**
 * Walks a path. Variants are chosen by `tagAt(path, key)`, the text at a sibling key (or `''` when the key is
 * there without a text), so that the walk works on trees, plain values and half-typed documents alike.
 */
export function locate(
  root: Type,
  path: Path,
  tagAt: (path: Path, key: string) => string | undefined,
): Located | undefined {
  let current: Located = { type: root };
  for (const [depth, step] of path.entries()) {
    const here = path.slice(0, depth);
    const { type } = current;
    const inside = narrow(type, (key) => tagAt(here, key));
    let next = stepInto(inside, step);
    // The tag may take every variant's name, also where one is chosen already.
    if (next && type.kind === 'variants' && step === type.key) {
      const field = tagField(type);
      next = { ...next, type: field.type, field };
    }
    if (!next) return undefined;
    current = next;
  }
  return current;
}

/** Variants narrowed to the chosen mapping where the choice is made; every other type as it is. */
export function narrow(type: Type, tag: (key: string) => string | undefined): Type {
  if (type.kind === 'either')
    return type.options.find((option) => option.kind === 'map' || option.kind === 'list') ?? type;
  if (type.kind !== 'variants') return type;
  return choose(type, tag, (key) => tag(key) !== undefined) ?? type;
}

function stepInto(type: Type, step: string | number): Located | undefined {
  if (type.kind === 'map') {
    const field = type.fields.get(String(step));
    return field && { type: field.type, field, parent: type };
  }
  if (type.kind === 'variants') return stepIntoVariants(type, String(step));
  if (type.kind === 'list' && typeof step === 'number') return { type: type.item };
  if (type.kind === 'record' && type.value) return { type: type.value };
  if (type.kind === 'tuple' && typeof step === 'number') {
    const item = type.items[step];
    return item && { type: item };
  }
  return undefined;
}

/** Before the choice is made only the tag itself and the keys of other shapes are known. */
function stepIntoVariants(type: VariantsType, step: string): Located | undefined {
  if (step === type.key) return { type: tagType(type), field: tagField(type) };
  for (const other of type.others.values()) {
    const field = other.fields.get(step);
    if (field) return { type: field.type, field, parent: other };
  }
  return undefined;
}

const tagType = (type: VariantsType): Type => ({ kind: 'choice', values: [...type.variants.keys()] });

/** The tag as a field of its own, with all values that it may take. */
export function tagField(type: VariantsType): Field {
  const first = type.variants.values().next().value?.fields.get(type.key);
  return { key: type.key, required: true, type: tagType(type), docs: first?.docs ?? {} };
}
