/** @file Opens data sets as the product does. */
import { join } from 'node:path';
import { datasets, type DataContext, type Dataset } from '../../src/data';

export const bundledDir = join(__dirname, '../../media/data');

/** @param options as a config writes them, without defaults */
export function openData(
  name: string,
  options: Record<string, unknown> = {},
  context: Partial<DataContext> = {},
): Promise<Dataset> {
  const definition = datasets[name]!;
  return definition.open(definition.options.parse(options), {
    baseDir: bundledDir,
    bundledDir,
    seed: 0,
    ...context,
  });
}
