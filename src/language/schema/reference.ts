/** @file The reference page: every key, mixer, data set and diagnostic code, from their definitions. */
import { codeAnchor, codes } from '../codes';
import type { Language } from '../language';
import type { Field, MapType, Type } from './types';
import { code, defaultText, shortType } from '../words';

export function referenceOf(language: Language): string {
  const { fields } = language.type;
  const parts: string[] = [
    '# Config reference',
    'Generated from the definitions; do not edit. A config is a YAML file named `*.ssm.yaml` (or `*.ssm.json`).',
    '## Keys',
    table([...fields.values()]),
  ];
  for (const key of ['model', 'train', 'eval']) {
    const type = fields.get(key)?.type;
    if (type?.kind === 'map') parts.push(...section(key, type, 2));
  }
  const task = fields.get('task')?.type;
  if (task?.kind === 'variants') parts.push(...variants('task', task.variants));
  parts.push('## Mixers', ...mixers(language), '## Data sets', ...datasets(language));
  parts.push('## Merging', merging, '## Diagnostics', diagnostics());
  return `${parts.join('\n\n')}\n`;
}

const merging = [
  '`extends` lays this config over another: mappings are merged deeply, lists and scalars replaced, `null` removes',
  'a key. `--set KEY=VALUE` and `sweep` use paths such as `model.layers.0.d_state`, which mean the written item,',
  'before `repeat`. Where `mixer` or `type` changes, options that the new one does not know are dropped and named.',
].join('\n');

function section(path: string, type: MapType, level: number): string[] {
  const parts = [`${'#'.repeat(level)} \`${path}\``, table([...type.fields.values()])];
  for (const field of type.fields.values()) {
    if (field.type.kind === 'map') parts.push(...section(`${path}.${field.key}`, field.type, level + 1));
  }
  return parts;
}

function table(fields: readonly Field[]): string {
  const rows = fields.map(({ key, type, docs, required }) => {
    const value = required ? 'required' : (defaultText(docs) ?? '');
    const symbol = typeof docs.meta?.['symbol'] === 'string' ? ` (${docs.meta['symbol']})` : '';
    return `| ${code(key)}${symbol} | ${cell(shortType(type))} | ${cell(value && value !== 'required' ? code(value) : value)} | ${cell(docs.description ?? '')} |`;
  });
  return ['| Key | Values | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function variants(path: string, all: ReadonlyMap<string, MapType & { description?: string }>): string[] {
  const parts = [`## ${code(path)}`];
  for (const [name, type] of all) {
    const own = [...type.fields.values()].filter((field) => field.key !== 'type');
    const summary = type.fields.get('type')?.docs.description ?? '';
    parts.push(`### ${code(name)}`, summary, ...(own.length > 0 ? [table(own)] : []));
  }
  return parts;
}

function mixers({ registry, type }: Language): string[] {
  const model = type.fields.get('model')?.type;
  const layers = model?.kind === 'map' ? model.fields.get('layers')?.type : undefined;
  const item: Type | undefined = layers?.kind === 'list' ? layers.item : undefined;
  return Object.values(registry.mixers).flatMap((layer) => {
    const options = item?.kind === 'variants' ? item.variants.get(layer.name) : undefined;
    const { title, authors, year, url } = layer.paper;
    const fields = [...(options?.fields.values() ?? [])].filter((field) => field.key !== 'mixer');
    return [
      `### ${code(layer.name)}: ${layer.title}`,
      layer.summary,
      layer.description,
      layer.formula,
      `[${title}](${url}), ${authors}, ${year}.`,
      table(fields),
    ];
  });
}

function datasets({ registry, type }: Language): string[] {
  const data = type.fields.get('data')?.type;
  return Object.values(registry.datasets).flatMap((set) => {
    const options = data?.kind === 'variants' ? data.variants.get(set.name) : undefined;
    const fields = [...(options?.fields.values() ?? [])].filter((field) => field.key !== 'type');
    return [
      `### ${code(set.name)}: ${set.title}`,
      set.summary,
      set.description,
      ...(fields.length > 0 ? [table(fields)] : []),
    ];
  });
}

function diagnostics(): string {
  const rows = Object.entries(codes).map(
    ([name, meaning]) => `| <a id="${codeAnchor(name)}"></a>${code(name)} | ${cell(meaning)} |`,
  );
  return ['| Code | Meaning |', '|---|---|', ...rows].join('\n');
}
