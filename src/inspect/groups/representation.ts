/** @file How many directions a layer's output uses, and how alike its tokens are. */
import { meanCosineSimilarity, spectrum } from '../../analysis/representation';
import { norm } from '../../analysis/statistics';
import { array, rowsAt, tokensOf, type Analysis } from '../spec';

export const representationGroup: Analysis = {
  description:
    'Directions that the layer’s output uses on this sequence: ranks, spectrum, similarity of tokens.',
  parts: [
    'singular_values',
    'effective_rank',
    'effective_rank_energy',
    'participation_ratio',
    'stable_rank',
    'mean_cosine_similarity',
    'output_norm',
  ],
  applies: (trace) => tokensOf(trace).length > 1,
  compute(trace) {
    const { output, length, d_model } = trace;
    const tokens = tokensOf(trace);
    const rows = rowsAt(output, length, tokens);
    const found = spectrum(rows, tokens.length, d_model);
    const number = (value: number, description: string) => array([], [], [value], description);
    return {
      singular_values: array(
        [found.singularValues.length],
        ['direction'],
        found.singularValues,
        'Of the layer’s output, tokens × features, centred.',
      ),
      effective_rank: number(found.effectiveRank, 'exp of the entropy of the normalised singular values.'),
      effective_rank_energy: number(found.effectiveRankEnergy, 'exp of the entropy of their squares.'),
      participation_ratio: number(found.participationRatio, '(Σ s²)² / Σ s⁴.'),
      stable_rank: number(found.stableRank, 'Σ s² / max s².'),
      mean_cosine_similarity: array(
        [],
        [],
        [meanCosineSimilarity(rows, tokens.length, d_model)],
        'Mean cosine between different tokens; 1 means that all point the same way.',
        { sign: 'signed' },
      ),
      output_norm: array(
        [length],
        ['time'],
        Float64Array.from({ length }, (_, t) => norm(output, t * d_model, (t + 1) * d_model)),
        'L2 norm of what the layer adds to each token.',
      ),
    };
  },
};
