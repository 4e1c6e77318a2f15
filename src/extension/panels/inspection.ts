/** @file From the JSON of `inspect` to what the Scan panel takes: flat typed arrays, checked. Knows nothing of the editor. */
import * as z from 'zod';
import type { Inspection, LayerSurvey, Probe, Survey } from '../../protocol/view-scan';

const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);
const token = z.object({ id: z.int().optional(), label: z.string() });
const answer = token.extend({ position: z.int().optional(), probability: z.number().optional() });

const example = {
  layers: z.array(z.object({ index: z.int().min(0), mixer: z.string() })).min(1),
  step: z.number().optional(),
  example: z.int().min(0).optional(),
  examples: z.int().min(0).optional(),
  vocabulary: z.array(z.string()).optional(),
  tokens: z.array(token),
  target: answer.optional(),
};

const array = z.object({
  shape: z.array(z.int().min(0)),
  axes: z.array(z.string()),
  data: z.array(z.unknown()),
  unit: z.string().default(''),
  sign: z.enum(['positive', 'signed']).default('signed'),
  description: z.string().optional(),
  labels: z.record(z.string(), z.array(z.union([z.string(), z.number()]))).optional(),
});
const arrays = z.record(z.string(), array);

const inspectionAnswer = z.object({
  layer: z.int().min(0),
  mixer: z.string(),
  ...example,
  prediction: answer.optional(),
  surprise: z.array(number).optional(),
  image: z
    .object({
      rows: z.int().min(1),
      columns: z.int().min(1),
      width: z.int().min(1),
      height: z.int().min(1),
      channels: z.int().min(1),
      data: z.array(z.int().min(0).max(255)),
    })
    .refine(({ width, height, channels, data }) => data.length === width * height * channels)
    .optional(),
  probes: arrays,
});

const layerSurvey = z.object({
  layer: z.int().min(0),
  mixer: z.string(),
  kind: z.enum(['scan', 'quasiseparable', 'matrix', 'filter', 'product', 'attention']).optional(),
  causal: z.boolean().optional(),
  count: z.int().optional(),
  axis: z.enum(['channel', 'head']).optional(),
  edges: z.array(z.int()).optional(),
  sampled: z.int().optional(),
  probes: arrays,
});
const surveyAnswer = z.object({ ...example, surveys: z.array(layerSurvey) });

const analysisAnswer = z.object({
  layer: z.int().min(0),
  probe: z.string(),
  parts: arrays.optional(),
  ...array.shape,
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

function typed(found: z.output<typeof arrays>): Record<string, Probe> {
  return Object.fromEntries(
    Object.entries(found).map(([name, probe]) => {
      const data = new Float32Array(probe.shape.reduce((product, extent) => product * extent, 1));
      flatten(probe.data, data, name);
      return [name, { ...probe, data }];
    }),
  );
}

/** @throws Error that says which part of the answer is not as expected */
function read<T>(schema: z.ZodType<T>, raw: unknown): T {
  const found = schema.safeParse(raw);
  if (found.success) return found.data;
  const issue = found.error.issues[0];
  throw new Error(
    `The answer of inspect is not as expected at ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? ''}`,
  );
}

/** @throws Error that says which part of the answer is not as expected */
export function readInspection(raw: unknown): Inspection {
  const { probes, surprise, image, ...rest } = read(inspectionAnswer, raw);
  return {
    ...rest,
    ...(surprise ? { surprise: Float32Array.from(surprise, Number) } : {}),
    ...(image ? { image: { ...image, data: Uint8Array.from(image.data) } } : {}),
    probes: typed(probes),
  };
}

export const readLayerSurveys = (raw: unknown): LayerSurvey[] =>
  read(z.array(layerSurvey), raw).map((survey) => ({ ...survey, probes: typed(survey.probes) }));

/** @throws Error that says which part of the answer is not as expected */
export function readSurvey(raw: unknown): Survey {
  const { surveys, ...rest } = read(surveyAnswer, raw);
  return { ...rest, surveys: surveys.map((survey) => ({ ...survey, probes: typed(survey.probes) })) };
}

/** The arrays of one analysis. @throws Error that says which part of the answer is not as expected */
export function readAnalysis(raw: unknown): {
  readonly layer: number;
  readonly arrays: Record<string, Probe>;
} {
  const { layer, probe, parts, ...only } = read(analysisAnswer, raw);
  return { layer, arrays: typed(parts ?? { [probe]: only }) };
}
