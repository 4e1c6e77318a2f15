/** @file Running a graph once and telling what a device left to the CPU. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Compiled } from '../../../src/graph';
import { openSession, type Device, type Feed, type NodeTiming } from '../../../src/runtime/ort';

/** Outputs of one run, and which node ran where. */
export async function runPlaced(
  compiled: Compiled,
  feeds: Readonly<Record<string, Feed>>,
  device: Device,
): Promise<{ outputs: Record<string, Feed>; timings: NodeTiming[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'profile-'));
  try {
    const session = await openSession(compiled, { device, threads: 2, profile: join(folder, 'run') });
    try {
      const outputs = await session.run(feeds);
      return { outputs, timings: await session.placement() };
    } finally {
      await session.release();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
