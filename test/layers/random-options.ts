/**
 * @file Random valid options of any layer, drawn from the schema of its options: an option that is new is drawn too.
 * What a layer's check complains about is mended as its message suggests, or left out.
 */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as z from 'zod';
import type { Dims, LayerDefinition } from '../../src/layers';

export type Options = Record<string, unknown>;

/** The part of JSON Schema that options are written in. */
interface Field {
  readonly type?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Field[];
  readonly prefixItems?: readonly Field[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
}

const fieldsOf = ({ options }: LayerDefinition): [string, Field][] =>
  Object.entries(z.toJSONSchema(options, { io: 'input' }).properties as Record<string, Field>);

/** Values of a choice; undefined for anything else. */
export function choices({ options }: LayerDefinition, key: string): readonly unknown[] | undefined {
  const field = fieldsOf({ options } as LayerDefinition).find(([name]) => name === key)![1];
  if (field.type === 'boolean') return [false, true];
  if (field.anyOf?.every((one) => 'const' in one)) return field.anyOf.map((one) => one.const);
  return field.enum;
}

/** Sizes are small, so that a layer is quick and a sequence is longer than most of them. */
const SPAN = 5;

function draw(field: Field): fc.Arbitrary<unknown> {
  if ('const' in field) return fc.constant(field.const);
  if (field.enum) return fc.constantFrom(...field.enum);
  if (field.anyOf) return fc.oneof(...field.anyOf.map(draw));
  if (field.prefixItems) return fc.tuple(...field.prefixItems.map(draw));
  if (field.type === 'boolean') return fc.boolean();
  if (field.type === 'integer') {
    const min = Math.max(field.minimum ?? 0, (field.exclusiveMinimum ?? -1) + 1);
    return fc.integer({ min, max: Math.min(field.maximum ?? Infinity, min + SPAN) });
  }
  assert.equal(field.type, 'number');
  if (typeof field.default === 'number' && field.default > 0) {
    // As far as a factor of e on either side of the usual value.
    const usual = field.default;
    return fraction(-1, 1).map((power) => usual * Math.exp(power));
  }
  if (field.exclusiveMaximum !== undefined) return fraction(field.minimum!, field.exclusiveMaximum * 0.9);
  return fraction(field.minimum ?? field.exclusiveMinimum ?? -2, 2);
}

/** Steps of a thousandth, short in a report and never the lower end itself. */
const fraction = (from: number, to: number): fc.Arbitrary<number> =>
  fc.integer({ min: 1, max: 1000 }).map((thousandths) => from + ((to - from) * thousandths) / 1000);

/** Keys that are given in half of the draws at least. */
export const drawOptions = (definition: LayerDefinition): fc.Arbitrary<Options> =>
  fc.record(
    Object.fromEntries(fieldsOf(definition).map(([key, field]) => [key, draw(field)])),
    // Defaults of sizes are those of real models: too slow here, and all alike.
    {
      requiredKeys: fieldsOf(definition)
        .filter(([, { default: usual }]) => usual !== undefined)
        .map(([key]) => key),
    },
  );

/** As many repairs as the longest chain of rules needs. */
const REPAIRS = 12;

/**
 * The options without what the layer's check complains about.
 * @throws AssertionError when following the suggestions does not end
 */
export function repaired(definition: LayerDefinition, drawn: Options, dims: Dims): Options {
  let options = { ...drawn };
  for (let i = 0; i < REPAIRS; i++) {
    const parsed = definition.options.parse(options);
    const problem = definition.check(parsed, dims).find(({ severity }) => severity !== 'warning');
    if (!problem) return options;
    const [key] = problem.path as [string];
    const { [key]: _, ...rest } = options;
    options = problem.suggestion === undefined ? rest : { ...rest, [key]: problem.suggestion };
  }
  throw new assert.AssertionError({ message: `No end of repairs: ${JSON.stringify(drawn)}` });
}
