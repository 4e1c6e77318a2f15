/** @file Kernels that belong to one length. */
import * as z from 'zod';
import type { Dims, Problem } from '../define';

/** As long as the longest example of any data set. */
export const lengthField = z
  .int()
  .positive()
  .max(2 ** 24)
  .optional();

/** The kernel's length: as written, else that of the data. */
export const kernelLength = (o: { readonly l_max?: number | undefined }, dims: Dims): number | undefined =>
  o.l_max ?? dims.length;

/** A kernel shorter than the data cannot reach over them. */
export function checkKernelLength(o: { readonly l_max?: number | undefined }, { length }: Dims): Problem[] {
  if (o.l_max === undefined || length === undefined || o.l_max >= length) return [];
  const message = `l_max (${o.l_max}) is shorter than the data (${length} tokens): the kernel must reach over them.`;
  return [{ path: ['l_max'], message, suggestion: length }];
}
