/** @file Bringing device tensors back to the host. */
import { compile, input } from '../../graph';
import { openSession } from './session';
import type { DeviceTensor, TypedArray } from './tensors';

/**
 * Copies of device tensors as arrays. They go through a graph that does nothing: asking onnxruntime-node for the
 * data of a device tensor ends the process.
 */
export async function readBack(
  tensors: Readonly<Record<string, DeviceTensor>>,
  device: 'webgpu',
): Promise<Record<string, TypedArray>> {
  const entries = Object.entries(tensors);
  if (entries.length === 0) return {};
  const inner = (name: string): string => `device/${name}`;
  const outputs = entries.map(
    ([name, { shape, dtype }]) => [name, input(inner(name), shape, dtype)] as const,
  );
  const session = await openSession(compile(Object.fromEntries(outputs), { target: device }), { device });
  try {
    const feeds = entries.map(([name, tensor]) => [inner(name), tensor] as const);
    return (await session.run(Object.fromEntries(feeds))) as Record<string, TypedArray>;
  } finally {
    await session.release();
  }
}
