/** @file JSON Schema (2020-12, the part that is regular) as a pattern over the bytes of compact JSON. */
import {
  beyondAscii,
  byte,
  choice,
  ConstraintError,
  empty,
  optional,
  parseRegex,
  repeat,
  sequence,
  text,
  type Pattern,
} from './pattern';

/** How deep references and values of any kind nest. */
const MAX_DEPTH = 5;

type Schema = Readonly<Record<string, unknown>>;

const space = optional(text(' '));
const digit = byte((b) => b >= 48 && b <= 57);
const natural = choice(
  text('0'),
  sequence(
    byte((b) => b >= 49 && b <= 57),
    repeat(digit, 0, 15),
  ),
);
const integer = sequence(optional(text('-')), natural);
const exponent = sequence(
  byte((b) => b === 101 || b === 69),
  optional(byte((b) => b === 43 || b === 45)),
  repeat(digit, 1, 3),
);
const number = sequence(integer, optional(sequence(text('.'), repeat(digit, 1, 16))), optional(exponent));
const hex = byte((b) => (b >= 48 && b <= 57) || (b >= 65 && b <= 70) || (b >= 97 && b <= 102));
const letter = choice(
  byte((b) => b >= 32 && b < 127 && b !== 34 && b !== 92),
  beyondAscii,
  sequence(
    text('\\'),
    choice(
      byte((b) => '"\\/bfnrt'.includes(String.fromCharCode(b))),
      sequence(text('u'), hex, hex, hex, hex),
    ),
  ),
);
const quoted = (inner: Pattern): Pattern => sequence(text('"'), inner, text('"'));
const literal = (value: unknown): Pattern => text(JSON.stringify(value));

/** Keys that do not change which values are allowed. */
const NOTES = new Set([
  'title',
  'description',
  'default',
  'examples',
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'additionalProperties',
  'format',
]);
const OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern'],
  array: ['items', 'minItems', 'maxItems'],
  object: ['properties', 'required'],
  number: [],
  integer: [],
  boolean: [],
  null: [],
};

/** @throws ConstraintError naming the key that cannot be expressed */
export function schemaPattern(root: unknown): Pattern {
  const fail = (where: string, message: string): never => {
    throw new ConstraintError(`The schema${where}: ${message}.`);
  };

  const any = (depth: number): Pattern => {
    const simple = [quoted(repeat(letter, 0)), number, text('true'), text('false'), text('null')];
    if (depth >= MAX_DEPTH) return choice(...simple);
    const inner = any(depth + 1 + Math.floor(MAX_DEPTH / 2));
    const pair = sequence(quoted(repeat(letter, 0)), text(':'), space, inner);
    return choice(
      ...simple,
      list(text('['), inner, text(']'), 0, Infinity),
      list(text('{'), pair, text('}'), 0, Infinity),
    );
  };

  const list = (open: Pattern, item: Pattern, close: Pattern, least: number, most: number): Pattern => {
    if (most === 0) return sequence(open, close);
    const rest = repeat(sequence(text(','), space, item), Math.max(0, least - 1), most - 1);
    const filled = sequence(item, rest);
    return sequence(open, least === 0 ? optional(filled) : filled, close);
  };

  const count = (schema: Schema, key: string, otherwise: number, where: string): number => {
    const value = schema[key];
    if (value === undefined) return otherwise;
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 1000)
      return fail(where, `${key} must be 0 … 1000`);
    return value as number;
  };

  const object = (schema: Schema, where: string, depth: number): Pattern => {
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, unknown>);
    if (properties.length === 0)
      return depth > 0 && schema['additionalProperties'] === false ? text('{}') : objectOfAny(depth);
    const required = new Set((schema['required'] ?? []) as string[]);
    const pairs = properties.map(([name, value]) => ({
      needed: required.has(name),
      pattern: sequence(
        literal(name),
        text(':'),
        space,
        visit(value, `${where}.properties.${name}`, depth + 1),
      ),
    }));
    // In the order of the schema. `tails` begin behind a property that is there, `heads` where none is yet.
    const comma = sequence(text(','), space);
    const tails: Pattern[] = [empty];
    const heads: Pattern[] = [empty];
    for (const { needed, pattern } of pairs.toReversed()) {
      const [tail, head] = [tails[0]!, heads[0]!];
      const another = sequence(comma, pattern);
      tails.unshift(sequence(needed ? another : optional(another), tail));
      const taken = sequence(pattern, tail);
      heads.unshift(needed ? taken : choice(taken, head));
    }
    return sequence(text('{'), heads[0]!, text('}'));
  };

  const objectOfAny = (depth: number): Pattern => {
    const pair = sequence(quoted(repeat(letter, 0)), text(':'), space, any(depth + 2));
    return list(text('{'), pair, text('}'), 0, Infinity);
  };

  const ofType = (type: unknown, schema: Schema, where: string, depth: number): Pattern => {
    switch (type) {
      case 'string': {
        if (typeof schema['pattern'] === 'string') return quoted(parseRegex(schema['pattern']));
        return quoted(
          repeat(letter, count(schema, 'minLength', 0, where), count(schema, 'maxLength', Infinity, where)),
        );
      }
      case 'number':
        return number;
      case 'integer':
        return integer;
      case 'boolean':
        return choice(text('true'), text('false'));
      case 'null':
        return text('null');
      case 'array': {
        const item =
          schema['items'] === undefined
            ? any(depth + 2)
            : visit(schema['items'], `${where}.items`, depth + 1);
        return list(
          text('['),
          item,
          text(']'),
          count(schema, 'minItems', 0, where),
          count(schema, 'maxItems', Infinity, where),
        );
      }
      case 'object':
        return object(schema, where, depth);
      default:
        return fail(where, `the type ${JSON.stringify(type)} is unknown`);
    }
  };

  const resolve = (reference: string, where: string): unknown => {
    const match = /^#((?:\/[^/]+)*)$/.exec(reference);
    if (!match) return fail(where, `${reference} is not a reference within the schema`);
    return match[1]!
      .split('/')
      .slice(1)
      .reduce<unknown>((value, key) => {
        const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
          return fail(where, `there is no ${reference}`);
        return (value as Record<string, unknown>)[name];
      }, root);
  };

  const visit = (value: unknown, where: string, depth: number): Pattern => {
    if (depth > 2 * MAX_DEPTH) return fail(where, 'it nests too deeply; recursive schemas are not regular');
    if (value === true) return any(depth);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return fail(where, 'it is not a mapping');
    const schema = value as Schema;
    if (typeof schema['$ref'] === 'string') return visit(resolve(schema['$ref'], where), where, depth + 1);
    if ('const' in schema) return literal(schema['const']);
    if (Array.isArray(schema['enum'])) return choice(...schema['enum'].map(literal));
    for (const key of ['anyOf', 'oneOf']) {
      const parts = schema[key];
      if (Array.isArray(parts))
        return choice(...parts.map((part, index) => visit(part, `${where}.${key}.${index}`, depth + 1)));
    }
    const { type } = schema;
    const types = Array.isArray(type)
      ? type
      : type === undefined
        ? schema['properties'] === undefined
          ? []
          : ['object']
        : [type];
    const known = new Set([...NOTES, 'type', ...types.flatMap((name) => OF_TYPE[String(name)] ?? [])]);
    const other = Object.keys(schema).find((key) => !known.has(key));
    if (other !== undefined) return fail(where, `${other} cannot be enforced`);
    if (types.length === 0) return any(depth);
    return choice(...types.map((name) => ofType(name, schema, where, depth)));
  };
  return visit(root, '', 0);
}
