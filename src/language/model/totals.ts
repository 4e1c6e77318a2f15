/** @file Numbers of the whole model, counted on the model itself. */
import type { ModelCost } from '../../models/cost';
import { buildModel, type Model } from '../../models/model';
import type { Analysis } from '../analyse';

/** Deeper stacks are not counted while somebody waits; their graph takes too long to draw. */
const maxCounted = 64;

const models = new WeakMap<Analysis, Model>();
const costs = new WeakMap<Analysis, ModelCost>();

/** The model of a complete config; undefined while it is not complete. */
function modelOf(analysis: Analysis): Model | undefined {
  const { config, data } = analysis;
  const known = models.get(analysis);
  if (known) return known;
  if (!config || !data?.shape) return undefined;
  try {
    const model = buildModel({ model: config.model, task: config.task, data: data.shape });
    models.set(analysis, model);
    return model;
  } catch {
    return undefined;
  }
}

/** All trained numbers, embedding and head included. */
export function parameterTotal(analysis: Analysis): number | undefined {
  return modelOf(analysis)?.parameterCount;
}

/** Arithmetic and state of the model and its layers at the length of the data. */
export function costOf(analysis: Analysis): ModelCost | undefined {
  const known = costs.get(analysis);
  if (known) return known;
  if (analysis.stack.total > maxCounted) return undefined;
  try {
    const cost = modelOf(analysis)?.cost();
    if (cost) costs.set(analysis, cost);
    return cost;
  } catch {
    return undefined;
  }
}
