/** @file From the JSON of `inspect` to what the Scan panel takes: flat typed arrays, checked. Knows nothing of the editor. */
import * as z from 'zod';
import type { Inspection } from '../../protocol/view-scan';

const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);
const token = z.object({ id: z.int().optional(), label: z.string() });
const answer = token.extend({ position: z.int().optional(), probability: z.number().optional() });

const answerSchema = z.object({
  layer: z.int().min(0),
  mixer: z.string(),
  layers: z.array(z.object({ index: z.int().min(0), mixer: z.string() })).min(1),
  step: z.number().optional(),
  example: z.int().min(0).optional(),
  examples: z.int().min(0).optional(),
  vocabulary: z.array(z.string()).optional(),
  tokens: z.array(token),
  target: answer.optional(),
  prediction: answer.optional(),
  probes: z.record(
    z.string(),
    z.object({
      shape: z.array(z.int().min(0)),
      axes: z.array(z.string()),
      data: z.array(z.unknown()),
      unit: z.string().default(''),
      sign: z.enum(['positive', 'signed']).default('signed'),
      description: z.string().optional(),
    }),
  ),
});

function flatten(values: readonly unknown[], into: Float32Array, name: string): void {
  let at = 0;
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const child of value) visit(child);
      return;
    }
    const read = typeof value === 'number' ? value : Number(number.parse(value));
    if (at < into.length) into[at] = read;
    at++;
  };
  for (const value of values) visit(value);
  if (at !== into.length) {
    throw new Error(`Probe ${name} has ${at} values where its shape needs ${into.length}.`);
  }
}

/** @throws Error that says which part of the answer is not as expected */
export function readInspection(raw: unknown): Inspection {
  const read = answerSchema.safeParse(raw);
  if (!read.success) {
    const issue = read.error.issues[0];
    throw new Error(
      `The answer of inspect is not as expected at ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? ''}`,
    );
  }
  const { probes, ...rest } = read.data;
  return {
    ...rest,
    probes: Object.fromEntries(
      Object.entries(probes).map(([name, probe]) => {
        const size = probe.shape.reduce((product, extent) => product * extent, 1);
        const data = new Float32Array(size);
        flatten(probe.data, data, name);
        return [name, { ...probe, data }];
      }),
    ),
  };
}
