/** @file `checkpoint.safetensors_headers`: files that must be read exactly, or refused. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import {
  parseSafetensors,
  SafetensorsError,
  valuesOf,
  type SafetensorsFile,
} from '../../formats/safetensors';
import type { GoldenCase } from '../case';
import type { Comparison } from '../compare';
import { MalformedCase } from '../errors';

const schema = z.array(
  z.looseObject({
    file: z.string().refine((name) => name === basename(name), 'must be a plain file name'),
    accept: z.boolean(),
    expect: z.record(z.string(), z.array(z.unknown())).optional(),
  }),
);

export async function safetensorsHeaders(goldenCase: GoldenCase): Promise<Comparison[]> {
  const parsed = schema.safeParse(goldenCase.extra['files']);
  if (!parsed.success) throw new MalformedCase(`case.json: files: ${parsed.error.issues[0]!.message}`);
  const comparisons: Comparison[] = [];
  for (const { file, accept, expect } of parsed.data) {
    const bytes = await readFile(join(goldenCase.folder, file)).catch((error: Error) => {
      throw new MalformedCase(`${file} cannot be read: ${error.message}`);
    });
    const problem = judge(bytes, accept, expect ?? {});
    const rule = accept ? 'read exactly' : 'refused';
    const measures = { maxError: 0, maxValue: 0, outside: problem ? 1 : 0, entries: 1, rule };
    comparisons.push({ name: file, agrees: !problem, ...measures, ...(problem ? { problem } : {}) });
  }
  return comparisons;
}

/** What is wrong with how the file is treated; undefined when all is as expected. */
function judge(
  bytes: Uint8Array,
  accept: boolean,
  expect: Readonly<Record<string, unknown[]>>,
): string | undefined {
  let read: SafetensorsFile;
  try {
    read = parseSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof SafetensorsError)) return `failed with ${(error as Error).message}`;
    return accept ? `refused: ${error.message}` : undefined;
  }
  if (!accept) return 'read, although it should be refused';
  for (const [name, expected] of Object.entries(expect)) {
    const tensor = read.tensors.get(name);
    if (!tensor) return `has no tensor ${JSON.stringify(name)}`;
    const found = valuesOf(tensor);
    const same = found.length === expected.length && found.every((value, i) => equal(value, expected[i]));
    if (!same) return `${JSON.stringify(name)} has other values`;
  }
  return undefined;
}

/** Numbers as they are; 64-bit integers and special floats as words; booleans as 0 and 1. */
function equal(value: number | bigint, expected: unknown): boolean {
  if (typeof expected === 'boolean') return value === Number(expected);
  if (typeof value === 'bigint') return String(value) === String(expected);
  const wanted =
    typeof expected === 'string' ? Number(expected.replace(/^\+?(-?)inf(inity)?$/i, '$1Infinity')) : expected;
  // Float32 values may be written with the digits of their shortest decimal.
  return Object.is(value, wanted) || value === wanted || value === Math.fround(wanted as number);
}
