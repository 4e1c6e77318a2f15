/** @file The answer of `ssm/modelStructure`: the tree of layers with ranges, for views that follow the cursor. */
import type { Range } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Structure, StructureItem } from '../../src/language';
import { quantity } from '../../src/language/words';

export interface StructureNode {
  readonly label: string;
  /** Numbers of one copy, in words. */
  readonly description: string;
  readonly kind: 'model' | 'layer' | 'block';
  /** Index of the first copy in the expanded stack. */
  readonly index: number;
  readonly count: number;
  /** Absent where the item is written in another file. */
  readonly range?: Range;
  readonly children: readonly StructureNode[];
}

export function structureTree(structure: Structure, document: TextDocument): StructureNode {
  const shape =
    structure.length === undefined || structure.width === undefined
      ? undefined
      : `(${structure.length}, ${structure.width})`;
  const visit = (item: StructureItem): StructureNode => ({
    label: labelOf(item),
    description: itemNumbers(item, shape),
    kind: item.kind,
    index: item.index,
    count: item.count,
    ...(item.where.source.file === document.uri
      ? { range: { start: document.positionAt(item.where.start), end: document.positionAt(item.where.end) } }
      : {}),
    children: (item.children ?? []).map(visit),
  });
  const { parameters, memory, flopsPerToken, stateBytes } = structure;
  return {
    label: `${structure.layers} layer${structure.layers === 1 ? '' : 's'}`,
    description: joined([
      parameters === undefined ? '' : `${quantity(parameters)} parameters`,
      flopsPerToken === undefined ? '' : `${quantity(flopsPerToken)}FLOP per token`,
      stateBytes ? `state ${quantity(stateBytes)}B` : '',
      memory ? `about ${quantity(memory.total)}B to train` : '',
    ]),
    kind: 'model',
    index: 0,
    count: structure.layers,
    children: structure.items.map(visit),
  };
}

function labelOf({ kind, mixer, index, count, children }: StructureItem): string {
  const times = count > 1 ? ` × ${count}` : '';
  return kind === 'block' ? `block of ${children?.length ?? 0}${times}` : `${index}: ${mixer}${times}`;
}

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(' · ');

const itemNumbers = (item: StructureItem, shape: string | undefined): string =>
  item.kind === 'block'
    ? ''
    : joined([
        shape ?? '',
        item.parameters === undefined ? '' : `${quantity(item.parameters)} parameters`,
        item.flopsPerToken === undefined ? '' : `${quantity(item.flopsPerToken)}FLOP per token`,
        item.stateBytes ? `state ${quantity(item.stateBytes)}B` : '',
      ]);
