/** @file Which devices work on this machine. */
import { add, compile, input } from '../../graph';
import { openSession, type Device } from './session';

let found: Promise<readonly Device[]> | undefined;

/** Devices that a graph ran on here, found by trying; `cpu` first. Asked once per process. */
export function availableDevices(): Promise<readonly Device[]> {
  found ??= (async () => ((await deviceProblem('webgpu')) === undefined ? ['cpu', 'webgpu'] : ['cpu']))();
  return found;
}

/** Why nothing can be computed on a device here, undefined when it works. */
export async function deviceProblem(device: Device): Promise<string | undefined> {
  try {
    const session = await openSession(compile({ y: add(input('x', [1]), 1) }, { target: device }), {
      device,
    });
    try {
      const { y } = await session.run({ x: Float32Array.of(1) });
      return (y as Float32Array)[0] === 2
        ? undefined
        : `${device} computed 1 + 1 = ${(y as Float32Array)[0]}.`;
    } finally {
      await session.release();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
