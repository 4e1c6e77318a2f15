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
import { dplrRecurrence, realMatrix, recoverOutput } from './dplr';
import { exact } from './exact';
import { krylov, matrixPower } from './krylov';

/** C dA^(Q j) and dAⁱ dB for i < Q, whose products are the kernel: Q is near √length. */
function kernelExpression(model: DplrModel, length: number): Tensor {
  const recurrence = dplrRecurrence(model);
  const A = realMatrix(recurrence);
  const { re, im } = recoverOutput(model.C, A, length);
  const Q = 2 ** Math.ceil(Math.log2(Math.sqrt(length)));
  const chunks = Math.ceil(length / Q);
  const written = krylov(A, concat([recurrence.dB.re, recurrence.dB.im], 1), Q);
  // Both of each conjugate pair: 2 Re(C x).
  const C = concat([mul(re, 2), mul(im, -2)], 2);
  const read = krylov(transpose(matrixPower(A, Q), [0, 2, 1]), C, chunks);
  const kernel = matmul(transpose(read, [0, 1, 3, 2]), written);
  const [kernels, H] = C.shape as [number, number];
  return slice(reshape(kernel, [kernels, H, chunks * Q]), 2, 0, length);
}

const kernelOperator = exact<{ readonly length: number }>('dplrKernelByPowers', (inputs, { length }) =>
  kernelExpression(modelOf(inputs), length),
);

/** `dplrKernel` for Λ on the imaginary axis and a low-rank part that damps all modes, as of HiPPO-LegT. */
export const dplrKernelByPowers = (model: DplrModel, length: number): Tensor =>
  kernelOperator(operandsOf(model), { length });
