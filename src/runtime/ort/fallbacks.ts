/** @file Finding out, before a run, what a device leaves to the CPU. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Compiled } from '../../graph';
import { fallbacks } from './profile';
import { openSession, type Device } from './session';
import { elements, type TypedArray } from './tensors';

/**
 * Names of the nodes that a device leaves to the CPU, and of the copies on the way, found by running the graph
 * once on zeros. Empty on the CPU itself, without running anything.
 */
export async function findFallbacks(compiled: Compiled, device: Device): Promise<string[]> {
  if (device === 'cpu') return [];
  const folder = await mkdtemp(join(tmpdir(), 'ssm-studio-profile-'));
  try {
    const session = await openSession(compiled, { device, profile: join(folder, 'run') });
    try {
      const zeros = compiled.inputs.map(({ name, dtype, shape }): [string, TypedArray] => {
        const kind = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
        return [name, new kind(elements(shape))];
      });
      await session.run(Object.fromEntries(zeros));
      return fallbacks(await session.placement());
    } finally {
      await session.release();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
