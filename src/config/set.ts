/** @file `--set KEY=VALUE`: a value laid at a path of the tree. */
import { diagnose, hasErrors, type Diagnostic } from './diagnostic';
import { expandShortForms, merge, type Merged } from './merge';
import { nearest } from './nearest';
import { child, type ConfigNode, type Entry, type Path } from './node';
import { parseConfig } from './parse';
import { formatPath, parsePath } from './path';
import type { Rules } from './rules';
import { makeSource, textAt, type Where } from './source';

/** Applies `KEY=VALUE` settings in order; what is wrong with one is reported under the file name `--set`. */
export function applySettings(root: ConfigNode, settings: readonly string[], rules: Rules): Merged {
  const diagnostics: Diagnostic[] = [];
  let current = root;
  for (const setting of settings) {
    const source = makeSource('--set', setting);
    const parsed = parseSetting(setting);
    if ('message' in parsed) {
      const where = { source, start: 0, end: setting.length };
      diagnostics.push(diagnose(where, 'error', 'bad-setting', parsed.message));
      continue;
    }
    diagnostics.push(...parsed.diagnostics);
    if (hasErrors(parsed.diagnostics)) continue;
    const keyWhere = { source, start: 0, end: setting.indexOf('=') };
    const result = setAt(current, parsed.path, parsed.value, keyWhere, rules);
    diagnostics.push(...result.diagnostics);
    current = result.root;
  }
  return { root: current, diagnostics };
}

type Setting =
  | { readonly path: Path; readonly value: ConfigNode; readonly diagnostics: readonly Diagnostic[] }
  | { readonly message: string };

/** The value is YAML: `8`, `[0.9, 0.99]`, `{mixer: attention, heads: 8}`, `null`. */
function parseSetting(setting: string): Setting {
  const equals = setting.indexOf('=');
  if (equals <= 0) return { message: `\`${setting}\` is not KEY=VALUE, for example \`train.steps=500\`.` };
  const path = parsePath(setting.slice(0, equals));
  if (!path)
    return { message: `\`${setting.slice(0, equals)}\` is not a path such as \`model.layers.0.d_state\`.` };
  // Padded, so that ranges in the value are ranges in the whole setting.
  const parsed = parseConfig('--set', ' '.repeat(equals + 1) + setting.slice(equals + 1));
  const source = makeSource('--set', setting);
  const where = { source, start: equals + 1, end: setting.length };
  const empty: ConfigNode = { kind: 'scalar', where, value: null, quoted: false };
  return {
    path,
    value: parsed.root ? resource(parsed.root, source) : empty,
    diagnostics: parsed.diagnostics,
  };
}

/** The same tree with its ranges in another source. */
function resource(node: ConfigNode, source: Where['source']): ConfigNode {
  const where = { ...node.where, source };
  if (node.kind === 'list')
    return { ...node, where, items: node.items.map((item) => resource(item, source)) };
  if (node.kind === 'scalar') return { ...node, where };
  const entries = new Map<string, Entry>();
  for (const [key, entry] of node.entries) {
    entries.set(key, { key, keyWhere: { ...entry.keyWhere, source }, node: resource(entry.node, source) });
  }
  return { ...node, where, entries };
}

/** One value at one path: merged into a mapping, put in place of anything else, `null` removes. */
export function setAt(
  root: ConfigNode,
  path: Path,
  value: ConfigNode,
  keyWhere: Where,
  rules: Rules,
): Merged {
  const problem = unreachable(root, path, keyWhere);
  if (problem) return { root, diagnostics: [problem] };
  return change(root, path, 0, value, lastStep(keyWhere, path), rules);
}

function change(
  node: ConfigNode | undefined,
  path: Path,
  depth: number,
  value: ConfigNode,
  keyWhere: Where,
  rules: Rules,
): Merged {
  const step = path[depth];
  if (step === undefined) return { root: expandShortForms(value, rules, path), diagnostics: [] };
  if (node?.kind === 'list') {
    const inner = change(node.items[Number(step)], path, depth + 1, value, keyWhere, rules);
    const removes = depth === path.length - 1 && isNull(value);
    const items = node.items.flatMap((item, index) =>
      index !== step ? [item] : removes ? [] : [inner.root],
    );
    return { root: { ...node, items }, diagnostics: inner.diagnostics };
  }
  const below = child(node, step);
  const inner = change(below, path, depth + 1, value, keyWhere, rules);
  const key = String(step);
  const over: ConfigNode = {
    kind: 'map',
    where: value.where,
    entries: new Map([[key, { key, keyWhere, node: inner.root }]]),
  };
  const last = depth === path.length - 1;
  const base = node?.kind === 'map' ? node : undefined;
  if (!base) return { root: over, diagnostics: inner.diagnostics };
  if (last) {
    const merged = merge(base, over, rules, path.slice(0, depth));
    return {
      root: { ...merged.root, where: base.where },
      diagnostics: [...inner.diagnostics, ...merged.diagnostics],
    };
  }
  const entries = new Map(base.entries);
  const written = entries.get(key);
  entries.set(key, { key, keyWhere: written?.keyWhere ?? keyWhere, node: inner.root });
  return { root: { ...base, entries }, diagnostics: inner.diagnostics };
}

const isNull = (node: ConfigNode): boolean => node.kind === 'scalar' && node.value === null;

/** The range of the last step where the path is written plainly, so that a wrong key is underlined alone. */
function lastStep(where: Where, path: Path): Where {
  const last = String(path[path.length - 1] ?? '');
  const text = textAt(where);
  return text.endsWith(last) && path.length > 1 ? { ...where, start: where.end - last.length } : where;
}

/** List items must exist and scalars have no keys. */
function unreachable(root: ConfigNode, path: Path, where: Where): Diagnostic | undefined {
  let node: ConfigNode | undefined = root;
  for (const [depth, step] of path.entries()) {
    const here = formatPath(path.slice(0, depth)) || 'the config';
    const fail = (message: string): Diagnostic => diagnose(where, 'error', 'bad-path', message);
    if (node?.kind === 'list' && (typeof step !== 'number' || step >= node.items.length)) {
      const count = node.items.length;
      return fail(
        `\`${here}\` is a list of ${count}: expected a number from 0 to ${count - 1}, found \`${step}\`.`,
      );
    }
    if (node?.kind === 'scalar' && node.value !== null) {
      return fail(`\`${here}\` is a single value here and has no \`${step}\` inside.`);
    }
    if (node?.kind === 'map' && typeof step === 'number') {
      const guess = nearest(String(step), node.entries.keys());
      return fail(`\`${here}\` has keys, not numbered items.${guess ? ` Did you mean \`${guess}\`?` : ''}`);
    }
    node = child(node, step);
  }
  return undefined;
}
