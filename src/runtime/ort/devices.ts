/** @file Which devices work on this machine. */
import { add, cast, compile, input, type FloatType } from '../../graph';
import { openSession, targetOf, type Device } from './session';

let found: Promise<readonly Device[]> | undefined;

/** Devices that a graph ran on here, found by trying; `cpu` first. Asked once per process. */
export function availableDevices(): Promise<readonly Device[]> {
  found ??= (async () => ((await deviceProblem('webgpu')) === undefined ? ['cpu', 'webgpu'] : ['cpu']))();
  return found;
}

/**
 * Why nothing can be computed on a device here, undefined when it works.
 * @param dtype ask about this type: not every GPU computes in half precision
 */
export async function deviceProblem(
  device: Device,
  dtype: FloatType = 'float32',
): Promise<string | undefined> {
  try {
    const y = cast(add(cast(input('x', [1]), dtype), 1), 'float32');
    const session = await openSession(compile({ y }, { target: targetOf(device) }), { device });
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
