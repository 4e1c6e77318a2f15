/** @file The paths of a config that hold a single value. */
import { toPlain, type ConfigNode, type Path } from '../../src/config';
import { tagIn, type Language } from '../../src/language/language';
import { locate, narrow, type Field, type Type } from '../../src/language/schema/types';

export interface SweepPath {
  readonly path: string;
  readonly field: Field;
  readonly isWritten: boolean;
}

const notSwept = new Set(['extends', 'sweep']);

/** Written layers with all their options, and every other key, written or not. */
export function sweepPaths(root: ConfigNode, language: Language): SweepPath[] {
  const paths: SweepPath[] = [];
  const tag = (at: Path, key: string): string | undefined => tagIn(root, at, key);
  const visit = (type: Type, node: ConfigNode | undefined, path: Path): void => {
    const inside = narrow(type, (key) => tag(path, key));
    if (inside.kind === 'list' && node?.kind === 'list') {
      if (inside.item.kind === 'variants')
        node.items.forEach((item, index) => visit(inside.item, item, [...path, index]));
      return;
    }
    if (inside.kind !== 'map') return;
    for (const key of inside.fields.keys()) {
      if (path.length === 0 && notSwept.has(key)) continue;
      const at = [...path, key];
      const field = locate(language.type, at, tag)?.field;
      if (!field) continue;
      const written = node?.kind === 'map' ? node.entries.get(key)?.node : undefined;
      const hasInside =
        ['map', 'variants'].includes(field.type.kind) ||
        (field.type.kind === 'list' && field.type.item.kind === 'variants');
      if (hasInside) visit(field.type, written, at);
      else
        paths.push({
          path: at.join('.'),
          field,
          isWritten: written !== undefined && toPlain(written) !== null,
        });
    }
  };
  visit(language.type, root, []);
  return paths;
}
