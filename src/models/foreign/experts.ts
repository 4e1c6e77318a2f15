/** @file Names and shapes of mixtures of experts in files: one tensor per expert, or all experts in one. */
import type { Piece, WrittenMixer } from './types';

/** Where the parts of a mixture lie below the layer. */
export interface ExpertNames {
  readonly router: string;
  /** One tensor per expert, `experts.{e}.…`, or one for all with value and gate in it. */
  readonly experts: { readonly each: string } | { readonly all: readonly [fc1: string, fc2: string] };
  /** Below this lies the expert that every token meets. */
  readonly shared?: string;
}

interface Sizes {
  readonly d_model: number;
  readonly num_experts: number;
  readonly d_intermediate: number;
  readonly gated: boolean;
}

export const sizesOf = (layer: WrittenMixer, d_model: number): Sizes => ({
  d_model,
  num_experts: layer['num_experts'] as number,
  d_intermediate: layer['d_intermediate'] as number,
  gated: layer['activation'] !== 'relu2',
});

/** What our `experts.fc1.weight` or `experts.fc2.weight` is made of; names are relative to the layer. */
export function expertPieces(
  part: 'fc1' | 'fc2',
  { experts }: ExpertNames,
  { d_model: d, num_experts: E, d_intermediate: f, gated }: Sizes,
): Piece[] {
  if ('all' in experts) {
    const [fc1, fc2] = experts.all;
    return part === 'fc1'
      ? [{ names: [`${fc1}.weight`], shape: [E, 2 * f, d], swapped: [E, 2], convert: 'swap-halves' }]
      : [{ names: [`${fc2}.weight`], shape: [E, d, f], swapped: [E, d] }];
  }
  const each = (name: string, shape: readonly number[], more: Partial<Piece>): Piece[] =>
    Array.from({ length: E }, (_, e) => ({
      names: [`${experts.each}.${e}.${name}.weight`],
      shape,
      ...more,
    }));
  if (part === 'fc2') return each('down_proj', [d, f], { swapped: [E, d] });
  const up = each('up_proj', [f, d], { rows: f });
  return gated ? [...up, ...each('gate_proj', [f, d], { rows: f })] : up;
}
