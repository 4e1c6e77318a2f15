/** @file The layers of the stack multiplied up: which tokens of the input a token behind the last layer goes back to. */
import { rollout } from '../../analysis/head-scores';
import { mixingOf } from '../mixing';
import { meanAbsolute } from '../reductions';
import { array, type Analysis } from '../spec';
import { runTrace } from '../trace';
import { EXACT } from './mixing';

export const rolloutGroup: Analysis = {
  description:
    'Attention rollout: mean |hidden attention| of every layer, with the residual stream, multiplied up.',
  parts: ['attention_rollout'],
  applies: (trace) => trace.length <= EXACT && mixingOf(trace) !== undefined,
  async compute(trace) {
    const { model, length } = trace;
    const matrices: Float64Array[] = [];
    for (const { index, definition } of model.layers) {
      const names = Object.keys(definition.probes);
      if (names.length === 0) continue;
      // States are large and no matrix is made from them.
      const only = new Set(names.filter((name) => !/^(state|A_bar)/.test(name) || name === 'A_bar'));
      const { trace: own } = await runTrace({ ...trace, layer: index, logits: false, only });
      const mixing = mixingOf(own);
      if (mixing) matrices.push(meanAbsolute(mixing, length));
    }
    return {
      attention_rollout: array(
        [length, length],
        ['query', 'key'],
        rollout(matrices, length),
        `Π (½ I + ½ |M|) over the ${matrices.length} layers that mix tokens, rows of |M| normalised; rows sum to one.`,
      ),
    };
  },
};
