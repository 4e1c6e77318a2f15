/** @file What published models chose for a key, read from the presets themselves. */
import { find, parseConfig, scalarText, type ConfigNode, type Path } from '../../config';
import type { Language } from '../language';

/** Names of presets by value, in the order of the presets. */
export type PublishedValues = ReadonlyMap<string, readonly string[]>;

const roots = new WeakMap<ReadonlyMap<string, string>, ReadonlyMap<string, ConfigNode>>();

function rootsOf(presets: ReadonlyMap<string, string>): ReadonlyMap<string, ConfigNode> {
  const known = roots.get(presets);
  if (known) return known;
  const read = new Map<string, ConfigNode>();
  for (const [name, text] of presets) {
    const { root } = parseConfig(`preset:${name}`, text);
    if (root) read.set(name, root);
  }
  roots.set(presets, read);
  return read;
}

/** Every layer item of a preset, those within blocks included. */
function* itemsOf(node: ConfigNode | undefined): Generator<ConfigNode> {
  if (node?.kind === 'list') for (const item of node.items) yield* itemsOf(item);
  else if (node?.kind === 'map') {
    if (node.entries.has('mixer')) yield node;
    yield* itemsOf(node.entries.get('block')?.node);
  }
}

/**
 * @param path of the key in a config; below a layer only its last step counts
 * @param mixer of the layer that the key belongs to
 */
export function publishedValues(
  { registry }: Language,
  path: Path,
  mixer: string | undefined,
): PublishedValues {
  const values = new Map<string, string[]>();
  const key = String(path[path.length - 1]);
  const add = (node: ConfigNode | undefined, name: string): void => {
    const text = node && scalarText(node);
    if (text === undefined) return;
    const names = values.get(text) ?? [];
    if (!names.includes(name)) values.set(text, [...names, name]);
  };
  for (const [name, root] of registry.presets ? rootsOf(registry.presets) : []) {
    if (mixer === undefined) {
      const at = find(root, path);
      if (at.exact) add(at.node, name);
      continue;
    }
    for (const item of itemsOf(find(root, ['model', 'layers']).node)) {
      if (item.kind !== 'map' || scalarText(item.entries.get('mixer')!.node) !== mixer) continue;
      add(item.entries.get(key)?.node, name);
    }
  }
  return values;
}

/** Names that are shown for one value. */
const shown = 3;

/** `Published: 16 (mamba-130m, mamba-370m, mamba-790m, …), 64 (…)`; undefined where no preset says anything. */
export function publishedLine(values: PublishedValues): string | undefined {
  if (values.size === 0) return undefined;
  const parts = [...values].map(([value, names]) => {
    const some = names.slice(0, shown).join(', ');
    return `\`${value}\` (${some}${names.length > shown ? ', …' : ''})`;
  });
  return `Published: ${parts.join(', ')}`;
}
