/** @file From a chain of parsed files to one tree. */
import { diagnose, type Diagnostic } from './diagnostic';
import { withoutExtends } from './extends';
import { expandShortForms, merge, type Merged } from './merge';
import type { ConfigNode } from './node';
import type { Parsed } from './parse';
import type { Rules } from './rules';

/** Lays every file over its base. `parts` is ordered as in a chain: the config first, the deepest base last. */
export function combine(parts: readonly Parsed[], rules: Rules): Merged {
  const diagnostics: Diagnostic[] = [];
  let root: ConfigNode | undefined;
  for (const part of [...parts].reverse()) {
    const own = part.root;
    if (!own) continue;
    if (own.kind !== 'map') {
      const message = 'A config is a mapping of keys such as `data:`, `model:` and `train:`.';
      diagnostics.push(diagnose(own.where, 'error', 'wrong-type', message));
      continue;
    }
    const expanded = expandShortForms(withoutExtends(own), rules);
    if (!root) {
      root = expanded;
      continue;
    }
    const merged = merge(root, expanded, rules);
    diagnostics.push(...merged.diagnostics);
    root = merged.root;
  }
  return { root: root ?? emptyMap(parts), diagnostics };
}

function emptyMap(parts: readonly Parsed[]): ConfigNode {
  const source = parts[0]?.source ?? { file: '', text: '', lineStarts: [0] };
  return { kind: 'map', where: { source, start: 0, end: 0 }, entries: new Map() };
}
