/** @file The model of a config as a tree: blocks and layers as written, with shapes, sizes and cost. */
import { scalarText, type ConfigNode, type Path, type Where } from '../../config';
import type { Analysis } from '../analyse';
import type { WrittenLayer } from './layers';
import { memoryEstimate, type MemoryEstimate } from './memory';
import { costOf, parameterTotal } from './totals';

export interface StructureItem {
  readonly kind: 'layer' | 'block';
  /** Path of the item in the config. */
  readonly path: Path;
  /** Where it is written. */
  readonly where: Where;
  readonly mixer?: string;
  /** Index of the first copy in the expanded stack, and how many copies there are. */
  readonly index: number;
  readonly count: number;
  /** Of one copy, in numbers; absent while the options are wrong. */
  readonly parameters?: number;
  /** Sizes that follow from the options. */
  readonly derived?: Readonly<Record<string, number>>;
  /** Forward pass, floating point operations per token of one copy. */
  readonly flopsPerToken?: number;
  /** Decoding state of one sequence in one copy. */
  readonly stateBytes?: number;
  readonly children?: readonly StructureItem[];
}

export interface Structure {
  /** (time, width) of the residual stream, where known. */
  readonly length?: number;
  readonly width?: number;
  readonly layers: number;
  readonly parameters?: number;
  readonly flopsPerToken?: number;
  readonly stateBytes?: number;
  readonly memory?: MemoryEstimate;
  readonly items: readonly StructureItem[];
}

export function structureOf(analysis: Analysis): Structure {
  const { stack, dims, data, root } = analysis;
  const cost = costOf(analysis);
  const byNode = new Map<ConfigNode, WrittenLayer>(stack.layers.map((layer) => [layer.node, layer]));
  const model = root.kind === 'map' ? root.entries.get('model')?.node : undefined;
  const list = model?.kind === 'map' ? model.entries.get('layers')?.node : undefined;

  const visit = (node: ConfigNode | undefined, path: Path): StructureItem[] => {
    if (node?.kind !== 'list') return [];
    return node.items.flatMap((item, position): StructureItem[] => {
      if (item.kind !== 'map') return [];
      const here = [...path, position];
      const block = item.entries.get('block')?.node;
      if (block) {
        const children = visit(block, [...here, 'block']);
        const repeat = Number(scalarText(item.entries.get('repeat')?.node) ?? 1);
        const index = children[0]?.index ?? 0;
        return [{ kind: 'block', path: here, where: item.where, index, count: repeat, children }];
      }
      const layer = byNode.get(item);
      return layer ? [layerItem(layer, here)] : [];
    });
  };

  const layerItem = (layer: WrittenLayer, path: Path): StructureItem => {
    const facts = analysis.facts.get(layer);
    const flopsPerToken = cost?.perLayer[layer.index]?.flopsPerToken;
    return {
      kind: 'layer',
      path,
      where: layer.node.where,
      mixer: layer.definition.name,
      index: layer.index,
      count: layer.count,
      ...(facts ? { parameters: facts.parameters, derived: facts.derived } : {}),
      ...(facts?.state === undefined ? {} : { stateBytes: 4 * facts.state }),
      ...(flopsPerToken === undefined ? {} : { flopsPerToken }),
    };
  };

  const parameters = parameterTotal(analysis);
  const memory = memoryEstimate(analysis);
  return {
    layers: stack.total,
    // A pattern has no list: its symbols, each with its number of layers.
    items: list
      ? visit(list, ['model', 'layers'])
      : stack.layers.map((layer) => layerItem(layer, layer.path)),
    ...(data?.shape ? { length: data.shape.length } : {}),
    ...(dims ? { width: dims.d_model } : {}),
    ...(parameters === undefined ? {} : { parameters }),
    ...(cost ? { flopsPerToken: cost.flopsPerToken } : {}),
    ...(cost?.stateBytes === undefined ? {} : { stateBytes: cost.stateBytes }),
    ...(memory ? { memory } : {}),
  };
}
