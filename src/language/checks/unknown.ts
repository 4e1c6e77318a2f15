/** @file Unknown keys: what was probably meant. */
import { diagnose, nearest, type Diagnostic, type Entry, type MapNode, type Path } from '../../config';
import type { Language } from '../language';
import type { MapType, Type, VariantsType } from '../schema/types';
import { code, list } from '../words';

/** Names that people bring from other tools. */
const synonyms: Readonly<Record<string, string>> = {
  learning_rate: 'lr',
  epochs: 'steps',
  max_steps: 'steps',
  num_steps: 'steps',
  batch: 'batch_size',
  bs: 'batch_size',
  grad_clip: 'clip',
  clip_grad: 'clip',
  gradient_accumulation_steps: 'accumulate',
  warmup_steps: 'warmup',
  beta: 'betas',
  n_heads: 'heads',
  num_heads: 'heads',
  n_layer: 'repeat',
  n_layers: 'repeat',
  hidden_size: 'd_model',
  l_kernel: 'l_max',
  seq_len: 'length',
  sequence_length: 'length',
  dataset: 'data',
  name: 'type',
  type: 'mixer',
};

export function unknownKey(
  entry: Entry,
  map: MapNode,
  type: MapType | VariantsType | undefined,
  path: Path,
  language: Language,
): Diagnostic {
  const fields = fieldsOf(type);
  const free = fields.filter((key) => !map.entries.has(key));
  const place = placeName(path, map);
  const synonym = Object.hasOwn(synonyms, entry.key) ? synonyms[entry.key]! : undefined;
  const guess = synonym !== undefined && free.includes(synonym) ? synonym : nearest(entry.key, free);
  const start = `Unknown key ${code(entry.key)} in ${place}.`;
  if (guess !== undefined) {
    return diagnose(entry.keyWhere, 'error', 'unknown-key', `${start} Did you mean ${code(guess)}?`, {
      suggestion: guess,
    });
  }
  const repeated = nearest(entry.key, fields);
  if (repeated !== undefined) {
    const message = `${start} ${code(repeated)} is there already; remove one of the two.`;
    return diagnose(entry.keyWhere, 'error', 'unknown-key', message);
  }
  const elsewhere = owners(language, synonym ?? entry.key, entry.key);
  const hint = elsewhere ?? (fields.length > 0 ? `It takes ${list(fields.map(code), 'and')}.` : '');
  return diagnose(entry.keyWhere, 'error', 'unknown-key', `${start} ${hint}`.trim());
}

function fieldsOf(type: Type | undefined): string[] {
  if (type?.kind === 'map') return [...type.fields.keys()];
  if (type?.kind === 'variants') return [type.key, ...type.others.keys()];
  return [];
}

/** "the config", "`train.optimizer`", "a mamba layer", "text data". */
export function placeName(path: Path, map?: MapNode): string {
  if (path.length === 0) return 'the config';
  const tag = (key: string): string | undefined => {
    const node = map?.entries.get(key)?.node;
    return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
  };
  if (typeof path[path.length - 1] === 'number') {
    const mixer = tag('mixer');
    return mixer ? `${article(mixer)} ${mixer} layer` : map?.entries.has('block') ? 'a block' : 'a layer';
  }
  const type = path.length === 1 ? tag('type') : undefined;
  const name = code(path.join('.'));
  return type ? `${name} of type ${type}` : name;
}

/** Short names are spelled, and so are letters with a number: an s4, an mlp, an sma, a glu. */
const article = (name: string): string => {
  const spelled = name.length <= 3 || /^[a-z]\d/.test(name);
  return (spelled ? /^[aefhilmnorsx]/ : /^[aeiou]/).test(name) ? 'an' : 'a';
};

/** Where a key does belong, as a sentence. */
function owners(language: Language, key: string, writtenKey: string): string | undefined {
  const sections: string[] = [];
  const mixers = new Set<string>();
  const visit = (type: Type, path: string, seen: Set<Type>): void => {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.kind === 'map') {
      for (const field of type.fields.values()) {
        if (field.key === key || field.key === writtenKey) sections.push(path || 'the top level');
        visit(field.type, path ? `${path}.${field.key}` : field.key, seen);
      }
    } else if (type.kind === 'list') visit(type.item, path, seen);
    else if (type.kind === 'variants' && type.key === 'mixer') {
      for (const [name, variant] of type.variants) {
        if (variant.fields.has(key) || variant.fields.has(writtenKey)) mixers.add(name);
      }
    }
  };
  visit(language.type, '', new Set());
  const name = code(key);
  // `lr` is a section's key first, though a layer may have one too.
  const [section] = sections;
  if (section)
    return `${name} belongs ${section === 'the top level' ? 'at the top level' : `in ${code(section)}`}.`;
  if (mixers.size > 0 && mixers.size < Object.keys(language.registry.mixers).length) {
    return `${name} is an option of ${list([...mixers], 'and')}.`;
  }
  return undefined;
}
