/** @file Numbers of the whole model. */
import { buildModel } from '../models/model';
import type { Analysis } from './analyse';

/** All trained numbers, embedding and head included; undefined while the config is not complete. */
export function parameterTotal(analysis: Analysis): number | undefined {
  const { config, data } = analysis;
  if (!config || !data?.shape) return undefined;
  try {
    const model = buildModel({ model: config.model, task: config.task, data: data.shape });
    let total = 0;
    for (const { shape } of model.parameters.values())
      total += shape.reduce((size, extent) => size * extent, 1);
    return total;
  } catch {
    return undefined;
  }
}
