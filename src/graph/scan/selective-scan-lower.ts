/**
 * @file Which form of the selective scan a device gets. On the CPU one `Scan` over time: at (512, 4, 512) with 16
 * states 11 ms forward against 31 ms for all chunks at once (19 ms on two threads) and 84 ms for onnxruntime's
 * linear attention. On a GPU all chunks at once: a `Scan` there runs step by step on the host. Above the bytes that
 * may be kept both recompute states in the gradient, on the CPU for a quarter more time of forward and backward.
 */
import { add, mul } from '../ops/elementwise/binary';
import type { ExpandContext, Expansion, Tensor } from '../types';
import type { ScanAttributes, ScanGradientAttributes } from './selective-scan';
import { expandChunked, expandGradientChunked } from './selective-scan-chunked';
import { expandGradientOnCpu, expandOnCpu } from './selective-scan-cpu';
import { operands } from './selective-scan-parts';

export function expandScan(
  inputs: readonly Tensor[],
  attributes: ScanAttributes,
  { target, keptBytes, largest }: ExpandContext,
): Expansion {
  const o = operands(inputs, attributes);
  const { outputs, saved } =
    target === 'webgpu' ? expandChunked(o, keptBytes, largest) : expandOnCpu(o, keptBytes);
  const [y, ...rest] = outputs as [Tensor, ...Tensor[]];
  return { outputs: [o.D ? add(y, mul(o.u, o.D)) : y, ...rest], saved: saved! };
}

/** Inputs: y, the scan's inputs, the cotangents. */
export function expandScanGradient(
  [, ...all]: readonly Tensor[],
  attributes: ScanGradientAttributes,
  context: ExpandContext,
): Expansion {
  const { hasD, hasInitial, hasY, hasLast } = attributes;
  const count = 5 + Number(hasD) + Number(hasInitial);
  const inputs = all.slice(0, count);
  const cotangents = {
    dy: hasY ? all[count] : undefined,
    dLast: hasLast ? all[count + Number(hasY)] : undefined,
  };
  const o = operands(inputs, attributes);
  const saved = context.saved(0);
  return {
    outputs:
      context.target === 'webgpu'
        ? expandGradientChunked(inputs, o, cotangents, saved, context.largest)
        : expandGradientOnCpu(inputs, o, cotangents, saved),
  };
}
