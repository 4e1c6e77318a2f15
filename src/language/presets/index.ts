/** @file Built-in configs that `extends` can name: the published language models, sizes as released. */
import { published, type Published } from './published';

export { published, type Published } from './published';

/** Only the model: data and training are the user's. */
function textOf({ name, mixer, d_model, n_layer, vocab_size, options, note }: Published): string {
  const item = [`repeat: ${n_layer}`, `mixer: ${mixer}`, ...options].join(', ');
  return [
    `# ${name}: ${note}`,
    'model:',
    `  d_model: ${d_model}`,
    `  vocab_size: ${vocab_size}`,
    '  layers:',
    `    - {${item}}`,
    '',
  ].join('\n');
}

/** Texts by name, smallest first within a family. */
export const presets: ReadonlyMap<string, string> = new Map(
  published.map((preset) => [preset.name, textOf(preset)]),
);

/** One line for completion and hover. */
export function presetSummary(name: string): string | undefined {
  const preset = published.find((one) => one.name === name);
  if (!preset) return undefined;
  const { mixer, n_layer, d_model, parameters } = preset;
  const millions =
    parameters >= 1e9 ? `${(parameters / 1e9).toFixed(2)} G` : `${Math.round(parameters / 1e6)} M`;
  return `${n_layer} × ${mixer}, d_model ${d_model}, ${millions} parameters`;
}

/** Markdown with the published numbers. */
export function presetMarkdown(name: string): string | undefined {
  const preset = published.find((one) => one.name === name);
  if (!preset) return undefined;
  return [
    `**${name}**: ${presetSummary(name)}`,
    preset.note,
    `Published zero-shot results: Pile perplexity ${preset.pile}, LAMBADA perplexity ${preset.lambada[0]}, ` +
      `accuracy ${preset.lambada[1]} %.`,
    `[${preset.paper.title}](${preset.paper.url}), ${preset.paper.year}`,
  ].join('\n\n');
}
