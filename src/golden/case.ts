/** @file Reading a golden case: case.json and tensors.safetensors, checked against each other. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { float32Of, int32Of, parseSafetensors, type FileTensor } from '../formats/safetensors';
import { MalformedCase } from './errors';

/** `max_norm` unless a case says otherwise. */
const MAX_NORM = 0.01;

const schema = z.looseObject({
  title: z.string().default(''),
  target: z.string().min(1),
  hyperparameters: z.record(z.string(), z.unknown()).default({}),
  tensors: z
    .record(
      z.string(),
      z.looseObject({ shape: z.array(z.int().min(0)), meaning: z.string().optional().catch(undefined) }),
    )
    .default({}),
  tolerance: z.looseObject({
    rtol: z.number().min(0),
    atol: z.number().min(0),
    max_norm: z.number().positive().nullish(),
  }),
  zero: z.array(z.string()).default([]),
  tiny: z.array(z.string()).default([]),
});

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
  readonly max_norm: number;
}

export interface CaseTensor {
  readonly shape: readonly number[];
  /** Ids and other integers are exact. */
  readonly values: Float32Array | Int32Array;
}

/** A case in memory. Reading a tensor marks it as used; what is never used nor compared is a failure. */
export class GoldenCase {
  readonly #tensors: ReadonlyMap<string, CaseTensor>;
  readonly #used = new Set<string>();

  constructor(
    readonly folder: string,
    readonly title: string,
    readonly target: string,
    readonly hyperparameters: Readonly<Record<string, unknown>>,
    readonly tolerance: Tolerance,
    /** Tensors held to rtol and atol alone. */
    readonly loose: ReadonlySet<string>,
    tensors: ReadonlyMap<string, CaseTensor>,
    /** Further keys of case.json, as they stand there. */
    readonly extra: Readonly<Record<string, unknown>> = {},
    readonly meanings: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#tensors = tensors;
  }

  /** What case.json says about a tensor in words. */
  meaning(name: string): string {
    return this.meanings.get(name) ?? '';
  }

  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** @throws MalformedCase when the case has no such tensor */
  tensor(name: string): CaseTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new MalformedCase(`the case has no tensor ${name}`);
    this.#used.add(name);
    return tensor;
  }

  /** @throws MalformedCase when the tensor is missing or has another number of axes */
  shape(name: string, rank: number): number[] {
    const { shape } = this.tensor(name);
    if (shape.length !== rank) {
      throw new MalformedCase(`${name} has shape [${shape.join(', ')}], expected ${rank} axes`);
    }
    return [...shape];
  }

  /** Names behind a prefix, for example all of `param.`, without the prefix. */
  under(prefix: string): string[] {
    return this.names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  /** Tensors that nobody read; parameters may be unused. */
  unused(): string[] {
    return this.names.filter((name) => !this.#used.has(name) && !name.startsWith('param.'));
  }
}

/**
 * @param folder of case.json and tensors.safetensors
 * @throws MalformedCase saying which file is wrong and how
 */
export async function loadCase(folder: string): Promise<GoldenCase> {
  const parsed = schema.safeParse(await readJson(folder));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new MalformedCase(`case.json: ${issue.path.map(String).join('.') || 'contents'}: ${issue.message}`);
  }
  const { title, target, hyperparameters, zero, tiny, ...extra } = parsed.data;
  const { rtol, atol, max_norm } = parsed.data.tolerance;
  const tolerance = { rtol, atol, max_norm: max_norm ?? MAX_NORM };
  const listed = Object.entries(parsed.data.tensors);
  const tensors = listed.length > 0 ? await readTensors(folder) : new Map<string, CaseTensor>();
  for (const [name, { shape }] of listed) {
    const tensor = tensors.get(name);
    if (!tensor) throw new MalformedCase(`case.json lists ${name}, which tensors.safetensors does not have`);
    if (tensor.shape.join() !== shape.join()) {
      const found = `[${tensor.shape.join(', ')}]`;
      throw new MalformedCase(`${name} has shape ${found}, but case.json says [${shape.join(', ')}]`);
    }
  }
  const loose = new Set([...zero, ...tiny]);
  const meanings = new Map(listed.map(([name, { meaning = '' }]) => [name, meaning]));
  return new GoldenCase(folder, title, target, hyperparameters, tolerance, loose, tensors, extra, meanings);
}

async function readJson(folder: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(join(folder, 'case.json'), 'utf8');
  } catch (error) {
    throw new MalformedCase(`case.json cannot be read: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MalformedCase(`case.json is not valid JSON: ${(error as Error).message}`);
  }
}

async function readTensors(folder: string): Promise<Map<string, CaseTensor>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(join(folder, 'tensors.safetensors'));
  } catch (error) {
    throw new MalformedCase(`tensors.safetensors cannot be read: ${(error as Error).message}`);
  }
  try {
    const { tensors } = parseSafetensors(bytes);
    return new Map([...tensors].map(([name, tensor]) => [name, toCaseTensor(tensor)]));
  } catch (error) {
    throw new MalformedCase(`tensors.safetensors: ${(error as Error).message}`);
  }
}

const isFloat = (tensor: FileTensor): boolean => /F/.test(tensor.dtype);

const toCaseTensor = (tensor: FileTensor): CaseTensor => ({
  shape: tensor.shape,
  values: isFloat(tensor) ? float32Of(tensor) : int32Of(tensor),
});
