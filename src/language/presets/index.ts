/** @file Built-in configs that `extends` can name: published models, by their sizes. */
import { published } from './list';
import type { Published } from './types';

export { published } from './list';

/** Only the model: data and training are the user's. */
const textOf = ({ name, note, model }: Published): string =>
  [`# ${name}: ${note}`, 'model:', ...model.map((line) => `  ${line}`), ''].join('\n');

/** Texts by name, smallest first within a family. */
export const presets: ReadonlyMap<string, string> = new Map(
  published.map((preset) => [preset.name, textOf(preset)]),
);

/** One line for completion and hover. */
export function presetSummary(name: string): string | undefined {
  const preset = published.find((one) => one.name === name);
  if (!preset) return undefined;
  const { sizes, parameters } = preset;
  const millions =
    parameters >= 1e9 ? `${(parameters / 1e9).toFixed(2)} G` : `${Math.round(parameters / 1e6)} M`;
  return `${sizes}, ${millions} parameters`;
}

/** Markdown with the published numbers. */
export function presetMarkdown(name: string): string | undefined {
  const preset = published.find((one) => one.name === name);
  if (!preset) return undefined;
  return [
    `**${name}**: ${presetSummary(name)}`,
    preset.note,
    ...(preset.results === undefined ? [] : [preset.results]),
    `[${preset.paper.title}](${preset.paper.url}), ${preset.paper.year}`,
  ].join('\n\n');
}
