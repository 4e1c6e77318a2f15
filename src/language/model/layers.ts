/** @file The layers of a written config: where they stand, their options and what follows from them. */
import { child, toPlain, type ConfigNode, type MapNode, type Path } from '../../config';
import type { Dims, LayerDefinition, Problem } from '../../layers/define';
import { itemParts, type MixerItem, type Place } from '../../models/config';
import { meaningOf, readPattern } from './pattern';
import type { Registry } from '../registry';

/** A mixer item as written, once, however often it is repeated. */
export interface WrittenLayer {
  readonly path: Path;
  readonly node: MapNode;
  readonly definition: LayerDefinition;
  /** How often it stands in the stack, all enclosing repeats included. */
  readonly count: number;
  readonly place: Place;
  /** Index in the expanded stack of its first copy. */
  readonly index: number;
  /** Undefined when the options themselves are wrong. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What follows from a layer's options. */
export interface LayerFacts {
  readonly resolved: unknown;
  /** Sizes that were not written but follow: `d_inner`, `nheads`, … */
  readonly derived: Readonly<Record<string, number>>;
  readonly parameters: number;
  /** Outputs of all matrices together, per position: what a training step keeps grows with it. */
  readonly widths: number;
  /** Numbers kept between two tokens when decoding; undefined where the layer cannot decode. */
  readonly state?: number;
  /** Of these, the numbers of a scan's state, of which a training step keeps several per sequence. */
  readonly scanState: number;
  readonly causal: boolean;
  readonly problems: readonly Problem[];
}

export interface Stack {
  /** A pattern's layers once per symbol. */
  readonly layers: readonly WrittenLayer[];
  readonly total: number;
}

/** The layers of `model.layers`, or of `model.pattern` where there is one. */
export function readStack(root: ConfigNode, registry: Registry): Stack {
  const model = child(root, 'model');
  return child(model, 'layers')
    ? readList(root, registry)
    : (readSymbols(root, registry) ?? readList(root, registry));
}

function readSymbols(root: ConfigNode, registry: Registry): Stack | undefined {
  const read = readPattern(root);
  if (!read) return undefined;
  const bySymbol = new Map<string, WrittenLayer>();
  let total = 0;
  for (const { symbol, where } of read) {
    const meaning = meaningOf(symbol, root, registry.mixers);
    if (!meaning) continue;
    const node: MapNode = meaning.node ?? { kind: 'map', where, entries: new Map() };
    const layer = readLayer(meaning.options, registry);
    const known = bySymbol.get(symbol);
    const repeat = repeatOf(node);
    if (layer) {
      const path = meaning.node ? ['model', 'symbols', symbol] : ['model', 'pattern'];
      const start = known ?? { ...layer, node, path, index: total, count: 0 };
      bySymbol.set(symbol, { ...start, count: start.count + repeat });
    }
    total += repeat;
  }
  return { layers: [...bySymbol.values()], total };
}

function readList(root: ConfigNode, registry: Registry): Stack {
  const layers: WrittenLayer[] = [];
  const visit = (list: ConfigNode | undefined, path: Path, times: number, first: number): number => {
    if (list?.kind !== 'list') return 0;
    let placed = 0;
    for (const [position, item] of list.items.entries()) {
      if (item.kind !== 'map') continue;
      const here = [...path, position];
      const repeat = repeatOf(item);
      const index = first + placed;
      const block = item.entries.get('block')?.node;
      if (block) {
        placed += repeat * visit(block, [...here, 'block'], times * repeat, index);
      } else {
        const layer = readLayer(toPlain(item) as Record<string, unknown>, registry);
        if (layer) layers.push({ ...layer, node: item, path: here, index, count: times * repeat });
        placed += repeat;
      }
    }
    return placed;
  };
  const total = visit(child(child(root, 'model'), 'layers'), ['model', 'layers'], 1, 0);
  return { layers, total };
}

function repeatOf(item: MapNode): number {
  const node = item.entries.get('repeat')?.node;
  const value = node?.kind === 'scalar' ? node.value : undefined;
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : 1;
}

function readLayer(
  item: Readonly<Record<string, unknown>>,
  registry: Registry,
): Pick<WrittenLayer, 'definition' | 'options' | 'place'> | undefined {
  const { place, options: written } = itemParts(item as MixerItem);
  const name = item['mixer'];
  const definition =
    typeof name === 'string' && Object.hasOwn(registry.mixers, name) ? registry.mixers[name] : undefined;
  if (!definition) return undefined;
  const options = readOptions(definition, written);
  return { definition, place, ...(options ? { options } : {}) };
}

type Options = Readonly<Record<string, unknown>>;

/** Layers are mostly alike, and alike after the next keystroke: what was read is kept by its wording. */
const optionsRead = new WeakMap<LayerDefinition, Map<string, Options | undefined>>();
const maxKept = 1000;

function readOptions(definition: LayerDefinition, written: Options): Options | undefined {
  let known = optionsRead.get(definition);
  if (!known || known.size > maxKept) optionsRead.set(definition, (known = new Map()));
  // JSON writes infinities as null.
  const key = JSON.stringify(written, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? `\0${value}` : value,
  );
  if (known.has(key)) return known.get(key);
  const parsed = definition.options.safeParse(written);
  const options = parsed.success ? parsed.data : undefined;
  known.set(key, options);
  return options;
}

const product = (shape: readonly number[]): number => shape.reduce((total, extent) => total * extent, 1);

/** Facts by options, for the last dimensions that they were asked for. */
const factsKnown = new WeakMap<Options, { readonly dims: string; readonly facts: LayerFacts | undefined }>();

/** @returns undefined when the options are wrong or the definition cannot make sense of them */
export function layerFacts({ definition, options }: WrittenLayer, dims: Dims): LayerFacts | undefined {
  if (!options) return undefined;
  const key = JSON.stringify([dims, definition.name]);
  const known = factsKnown.get(options);
  if (known?.dims === key) return known.facts;
  const facts = computeFacts(definition, options, dims);
  factsKnown.set(options, { dims: key, facts });
  return facts;
}

function computeFacts(definition: LayerDefinition, options: Options, dims: Dims): LayerFacts | undefined {
  try {
    const resolved = definition.resolve(options, dims);
    const problems = definition.check(options, dims);
    const parameters = Object.values(definition.parameters(resolved, dims));
    const states = definition.state?.(resolved, dims);
    return {
      resolved,
      derived: derivedSizes(resolved, options),
      parameters: parameters.reduce((total, { shape }) => total + product(shape), 0),
      widths: parameters.reduce((total, { shape }) => total + (shape.length > 1 ? (shape[0] ?? 0) : 0), 0),
      ...(states ? { state: Object.values(states).reduce((total, shape) => total + product(shape), 0) } : {}),
      scanState: product(states?.['ssm_state'] ?? [0]),
      causal: definition.causal(resolved),
      problems,
    };
  } catch {
    return undefined;
  }
}

/** Numbers of the resolved options that are not simply written. */
function derivedSizes(resolved: unknown, options: Readonly<Record<string, unknown>>): Record<string, number> {
  const sizes: Record<string, number> = {};
  if (resolved === null || typeof resolved !== 'object') return sizes;
  // New names first (`d_inner`), then options that stood for a number (`dt_rank: auto`).
  const entries = Object.entries(resolved).sort(([a], [b]) => Number(a in options) - Number(b in options));
  for (const [key, value] of entries) {
    if (typeof value === 'number' && Number.isFinite(value) && options[key] !== value) sizes[key] = value;
  }
  return sizes;
}
