/** @file Markdown about keys, mixers and data sets, shared by completion and hover. */
import type { DataDefinition, LayerDefinition } from '../../src/language';
import type { Field, Type } from '../../src/language/schema/types';
import { code, defaultText, shortType } from '../../src/language/words';

/** A key: type, description, default. */
export function fieldMarkdown(field: Field): string {
  const symbol = field.docs.meta?.['symbol'];
  const heading = `**${field.key}**${typeof symbol === 'string' ? ` (${symbol})` : ''}: ${shortType(field.type)}`;
  const value = defaultText(field.docs);
  const facts = field.required ? 'Required.' : value === undefined ? '' : `Default: ${code(value)}`;
  return [heading, field.docs.description ?? '', facts].filter(Boolean).join('\n\n');
}

/** `integer > 0, default 16` */
export function fieldDetail(field: Field): string {
  const value = defaultText(field.docs);
  const type = shortType(field.type).replaceAll('`', '');
  return `${type}${field.required ? ', required' : value === undefined ? '' : `, default ${value}`}`;
}

export function layerMarkdown(layer: LayerDefinition): string {
  const { title, authors, year, url } = layer.paper;
  return [
    `**${layer.title}**`,
    layer.summary,
    layer.description,
    layer.formula,
    `[${title}](${url}), ${authors}, ${year}`,
  ].join('\n\n');
}

export function dataMarkdown(data: DataDefinition): string {
  return [`**${data.title}**`, data.summary, data.description].join('\n\n');
}

/** The word itself as Markdown, for words that have no definition of their own. */
export function variantMarkdown(name: string, type: Type | undefined): string | undefined {
  if (type?.kind !== 'map') return undefined;
  const tag = type.fields.get('type') ?? type.fields.get('mixer');
  return tag?.docs.description ? `**${name}**\n\n${tag.docs.description}` : undefined;
}
