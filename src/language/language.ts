/** @file A language: the schema of its registry in the forms that the rest needs. */
import type * as z from 'zod';
import { scalarText, child, nodeAt, type ConfigNode, type Path, type Rules } from '../config';
import type { Registry } from './registry';
import { composeSchema } from './schema/compose';
import { locate, readType, type Located, type MapType, type Type } from './schema/types';

export interface Language {
  readonly registry: Registry;
  readonly schema: z.ZodObject;
  readonly type: MapType;
  /** What merging must know: which mappings have a discriminator, and which keys go with which value. */
  readonly rules: Rules;
  /** The type at a path of a written tree. */
  locate(path: Path, root: ConfigNode | undefined): Located | undefined;
}

export function createLanguage(registry: Registry): Language {
  const schema = composeSchema(registry);
  const type = readType(schema) as MapType;
  return {
    registry,
    schema,
    type,
    rules: { discriminator: (path) => discriminatorAt(type, path) },
    locate: (path, root) => locate(type, path, (at, key) => tagIn(root, at, key)),
  };
}

/** The text at a sibling key; `''` where the key stands without one. */
export function tagIn(root: ConfigNode | undefined, at: Path, key: string): string | undefined {
  const node = nodeAt(root, at);
  // The short form, `data: NAME`, is its own tag.
  if (key === 'type' && node?.kind === 'scalar') return scalarText(node);
  const sibling = child(node?.kind === 'map' ? node : undefined, key);
  return sibling && (scalarText(sibling) ?? '');
}

function discriminatorAt(type: Type, path: Path): ReturnType<Rules['discriminator']> {
  const found = locate(type, path, () => undefined)?.type;
  if (found?.kind !== 'variants') return undefined;
  return {
    key: found.key,
    shortForm: found.key === 'type',
    known: (value) => {
      const variant = found.variants.get(value);
      return variant && new Set(variant.fields.keys());
    },
  };
}
