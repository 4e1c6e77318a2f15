/**
 * @file The kernel of a DPLR model by powers of its matrix. The poles of Λ alone may lie on the unit circle, where its
 * Cauchy sums are endless and differ by what is left; those of A = Λ - P P* do not.
 */
import { matmul } from '../ops/matrix/matmul';
import { mul } from '../ops/elementwise/binary';
import { concat } from '../ops/shape/concat';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import { transpose } from '../ops/shape/transpose';
import type { Tensor } from '../types';
import { modelOf, operandsOf, type DplrModel } from './cauchy';
import { dplrRecurrence, HORIZON, realChange, recoverOutput } from './dplr';
import { exact } from './exact';
import { changeKrylov, changePower } from './krylov';

interface Attributes {
  readonly length: number;
  readonly horizon: number;
}

/** C dA^(Q j) and dAⁱ dB for i < Q, whose products are the kernel: Q is near √length. */
function kernelExpression(model: DplrModel, { length, horizon }: Attributes): Tensor {
  const recurrence = dplrRecurrence(model);
  const E = realChange(recurrence);
  const { re, im } = recoverOutput(model.C, E, length, horizon);
  const Q = 2 ** Math.ceil(Math.log2(Math.sqrt(length)));
  const chunks = Math.ceil(length / Q);
  const written = changeKrylov(E, concat([recurrence.dB.re, recurrence.dB.im], 1), Q);
  // Both of each conjugate pair: 2 Re(C x).
  const C = concat([mul(re, 2), mul(im, -2)], 2);
  const read = changeKrylov(transpose(changePower(E, Q), [0, 2, 1]), C, chunks);
  const kernel = matmul(transpose(read, [0, 1, 3, 2]), written);
  const [kernels, H] = C.shape as [number, number];
  return slice(reshape(kernel, [kernels, H, chunks * Q]), 2, 0, length);
}

const kernelOperator = exact<Attributes>('dplrKernelByPowers', (inputs, attributes) =>
  kernelExpression(modelOf(inputs), attributes),
);

/**
 * `dplrKernel` for Λ on the imaginary axis, as of HiPPO-LegT and FouT.
 * @param horizon steps after which all modes have decayed to nothing
 */
export const dplrKernelByPowers = (model: DplrModel, length: number, horizon = HORIZON): Tensor =>
  kernelOperator(operandsOf(model), { length, horizon });
