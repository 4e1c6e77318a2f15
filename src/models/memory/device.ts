/** @file Memory of training on a device with memory of its own, counted on the graphs that its engine compiles. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import { stepGraphs } from '../../optimizer';
import { stackNeeds, type Part } from './stack';
import { EVALUATION, type MemoryRequest, type TrainingMemory } from './types';

/** @throws ModelError when there is no such model */
export function deviceMemory(request: MemoryRequest): TrainingMemory {
  const { train } = request;
  const { optimizer, clip, accumulate } = train;
  const need = stackNeeds(request, {
    key: ['webgpu', optimizer.name, clip > 0, accumulate > 1],
    count: (part) => needsOf(part, train),
  });
  const memory = (parameters: number, activations: number): TrainingMemory => ({
    ...{ parameters, activations, program: 0, probes: 0 },
    total: parameters + activations,
  });
  const update = memory(need('updateHolds'), need('updateMakes'));
  const add = memory(need('addHolds'), need('addMakes'));
  return add.total > update.total ? add : update;
}

/** What the graphs of a step hold, and what they make on their way. */
function needsOf({ model, step, evaluation, keptBytes }: Part, train: MemoryRequest['train']) {
  const needOf = (outputs: Readonly<Record<string, Tensor>>) =>
    g.memoryNeed(Object.values(outputs), { target: 'webgpu', keptBytes });
  const graphs = stepGraphs(step, model.parameters, train);
  const update = needOf(graphs.update);
  const add = graphs.add && needOf(graphs.add);
  const scoring = EVALUATION * needOf(evaluation).peak;
  // All gradients wait for their norm, unless they are added to sums as they come.
  const gradients = add
    ? 0
    : [...graphs.trained.values()].reduce((sum, { shape }) => sum + bytesOf(shape), 0);
  // What a step starts from stays until what it ends with is there.
  return {
    updateHolds: update.inputs + update.outputs + gradients,
    updateMakes: update.peak - gradients + scoring,
    addHolds: add ? update.inputs + add.outputs : 0,
    addMakes: add ? add.peak + scoring : 0,
  };
}

const bytesOf = (shape: g.Shape): number => 4 * g.size(shape);
