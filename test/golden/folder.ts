/** @file Writing golden cases for the tests: changed copies of stored ones, and new ones. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors, float32Of, int32Of, parseSafetensors } from '../../src/formats/safetensors';

export type Stored = Map<string, { shape: readonly number[]; data: Float32Array | Int32Array }>;
export type CaseJson = {
  target: string;
  hyperparameters: Record<string, unknown>;
  tensors: Record<string, unknown>;
  tolerance: Record<string, unknown>;
  [key: string]: unknown;
};

/** A stored case, to be changed at will. */
export function readCase(folder: string): { json: CaseJson; tensors: Stored } {
  const json = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as CaseJson;
  const { tensors } = parseSafetensors(readFileSync(join(folder, 'tensors.safetensors')));
  const stored: Stored = new Map();
  for (const [name, tensor] of tensors) {
    stored.set(name, { shape: tensor.shape, data: tensor.dtype === 'F32' ? float32Of(tensor) : int32Of(tensor) });
  }
  return { json, tensors: stored };
}

/** Writes a case into a fresh folder, calls `use` with it and removes it. */
export async function withCase<T>(json: CaseJson, tensors: Stored, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'golden-'));
  try {
    writeCase(folder, json, tensors);
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lists the tensors in case.json as they are stored, with what it says about them. */
export function writeCase(folder: string, json: CaseJson, tensors: Stored): void {
  mkdirSync(folder, { recursive: true });
  const listed = Object.fromEntries(
    [...tensors].map(([name, { shape, data }]) => [
      name,
      {
        shape,
        dtype: data instanceof Int32Array ? 'i32' : 'f32',
        meaning: (json.tensors[name] as { meaning?: string } | undefined)?.meaning ?? '',
      },
    ]),
  );
  writeFileSync(join(folder, 'case.json'), JSON.stringify({ ...json, tensors: listed }));
  writeFileSync(join(folder, 'tensors.safetensors'), encodeSafetensors(tensors));
}
