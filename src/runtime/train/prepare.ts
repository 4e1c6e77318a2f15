/** @file From a resolved config to an opened data set and a built model. */
import { createHash } from 'node:crypto';
import { datasets } from '../../data';
export type { Dataset } from '../../data/define';
import { DataError, type DataContext, type Dataset } from '../../data/define';
import type { RunConfig } from '../../models/config';
import { buildModel, type Model } from '../../models';

/** Opens the data that a config names. @throws DataError saying which file or option is wrong */
export async function openData(config: Pick<RunConfig, 'data'>, context: DataContext): Promise<Dataset> {
  const { type, ...written } = config.data;
  const definition = Object.hasOwn(datasets, type) ? datasets[type] : undefined;
  if (definition === undefined) {
    throw new DataError(`There is no data set ${type}; there are ${Object.keys(datasets).join(', ')}.`, [
      'type',
    ]);
  }
  const options = definition.options.safeParse(written);
  if (!options.success) {
    const issue = options.error.issues[0]!;
    throw new DataError(`data.${issue.path.map(String).join('.')}: ${issue.message}.`);
  }
  const problem = definition.check(options.data).find(({ severity = 'error' }) => severity === 'error');
  if (problem !== undefined) throw new DataError(problem.message, problem.path);
  return definition.open(options.data, context);
}

/** The model of a config for its data. @throws ModelError */
export const modelOf = (config: RunConfig, data: Dataset): Model =>
  buildModel({ model: config.model, task: config.task, data: data.shape });

/** Identity of a run's config: everything that decides its numbers. */
export function configHash(config: RunConfig): string {
  const { device: _device, ...decisive } = config;
  return createHash('sha256').update(JSON.stringify(decisive)).digest('hex');
}
