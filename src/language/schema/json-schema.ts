/** @file JSON Schema for editors that use another YAML server. */
import * as z from 'zod';
import { defaultText } from '../words';
import type { Language } from '../language';

type Json = Record<string, unknown>;

/** Of the config as written, draft 2020-12: short forms allowed, nothing required where `extends` is given. */
export function jsonSchemaOf(language: Language): object {
  const schema = z.toJSONSchema(language.schema, { io: 'input', unrepresentable: 'any' }) as Json;
  tidy(schema);
  const properties = schema['properties'] as Record<string, Json>;
  for (const [key, names] of [
    ['data', [...Object.keys(language.registry.datasets)]],
    ['task', tagsOf(language, 'task')],
  ] as const) {
    properties[key] = withShortForm(properties[key] ?? {}, names);
  }
  const model = properties['model'] ?? {};
  const required = (model['required'] as string[]).filter((key) => key !== 'layers');
  const stack = [{ required: ['layers'] }, { required: ['pattern'] }];
  const needed = {
    required: schema['required'],
    properties: { model: { required, oneOf: stack } },
  };
  delete schema['required'];
  delete model['required'];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'SSM Studio config',
    description: 'A model, what it is trained on and how: `*.ssm.yaml`.',
    ...schema,
    if: { required: ['extends'] },
    else: needed,
  };
}

function tagsOf(language: Language, key: string): string[] {
  const type = language.type.fields.get(key)?.type;
  return type?.kind === 'variants' ? [...type.variants.keys()] : [];
}

/** `data: NAME` beside `data: {type: NAME, …}`. */
function withShortForm(property: Json, names: readonly string[]): Json {
  const { description, ...rest } = property;
  return { description, anyOf: [{ enum: names }, rest] };
}

/** Removes what is only an artefact and adds the Markdown that VS Code shows. */
function tidy(node: unknown): void {
  if (Array.isArray(node)) {
    node.forEach(tidy);
    return;
  }
  if (node === null || typeof node !== 'object') return;
  const json = node as Json;
  if (json['maximum'] === Number.MAX_SAFE_INTEGER) delete json['maximum'];
  if (json['minimum'] === Number.MIN_SAFE_INTEGER) delete json['minimum'];
  // Facts for our own editor that no other tool knows.
  for (const key of ['symbol', 'path', 'paper', 'unit', 'keys', 'suggestions']) {
    if (typeof json[key] === 'string' || (Array.isArray(json[key]) && typeof json[key][0] === 'string')) {
      delete json[key];
    }
  }
  if (typeof json['description'] === 'string') {
    const value = defaultText({ default: json['default'] });
    json['markdownDescription'] =
      value === undefined ? json['description'] : `${json['description']}\n\nDefault: \`${value}\``;
  }
  Object.values(json).forEach(tidy);
}
