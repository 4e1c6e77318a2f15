/** @file Tensors that stay on the device from run to run. */
import { NEXT } from '../../../optimizer';
import { readBack, type DeviceTensor, type Feed } from '../../ort';

/** By input name: arrays before the first step, tensors on the device from then on. */
export type State = Readonly<Record<string, Feed>>;

/** What the inputs of these names have become. */
export const nextState = (found: State, inputs: readonly string[]): State =>
  Object.fromEntries(inputs.map((name) => [name, found[NEXT + name]!]));

export function dispose(state: State): void {
  for (const tensor of Object.values(state)) if ('dispose' in tensor) tensor.dispose();
}

/** Device tensors as arrays; what was never on the device is an array already. */
export async function download(state: State): Promise<Record<string, Float32Array>> {
  const entries = Object.entries(state);
  const onDevice = entries.filter((entry): entry is [string, DeviceTensor] => 'location' in entry[1]);
  return { ...state, ...(await readBack(Object.fromEntries(onDevice), 'webgpu')) } as Record<
    string,
    Float32Array
  >;
}

/** A tensor that starts at zero. */
export const zeros = ({ shape }: { readonly shape: readonly number[] }): Float32Array =>
  new Float32Array(shape.reduce((product, extent) => product * extent, 1));
