/**
 * @file Hybrids by pattern: `model.pattern` names one residual layer per symbol, `model.symbols` says what the
 * symbols are. The resolved config holds the layers themselves.
 */
import {
  child,
  nodeAt,
  scalarText,
  textAt,
  toPlain,
  type ConfigNode,
  type MapNode,
  type Where,
} from '../../config';

/** What a symbol is unless `symbols` says otherwise, as in Megatron's hybrid models: no biases, no positions. */
export const usualSymbols: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  M: { mixer: 'mamba2' },
  '*': { mixer: 'attention', qkv_proj_bias: false, out_proj_bias: false },
  '-': { mixer: 'mlp', activation: 'gelu', multiple_of: 1 },
};

/** One symbol of the written pattern. */
export interface PatternSymbol {
  readonly symbol: string;
  readonly where: Where;
}

/** What a symbol stands for: the item in `symbols`, or the usual one, or a mixer of that name. */
export interface Meaning {
  readonly options: Readonly<Record<string, unknown>>;
  /** Absent when nothing is written for the symbol. */
  readonly node?: MapNode;
}

/** The symbols in order: the characters of a text without its spaces, or the words of a list. */
export function readPattern(root: ConfigNode): readonly PatternSymbol[] | undefined {
  const node = nodeAt(root, ['model', 'pattern']);
  if (node?.kind === 'list') {
    return node.items.flatMap((item) => {
      const symbol = scalarText(item);
      return symbol === undefined ? [] : [{ symbol, where: item.where }];
    });
  }
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') return undefined;
  const text = node.value;
  // Within quotes or not, the characters stand as they are; otherwise the whole text is meant.
  const from = node.where.start + textAt(node.where).indexOf(text);
  const exact = from >= node.where.start;
  return [...text.matchAll(/\S/gu)].map(({ 0: symbol, index }) => {
    const start = from + index;
    return { symbol, where: exact ? { ...node.where, start, end: start + symbol.length } : node.where };
  });
}

/** @param mixers names that stand for themselves with their defaults */
export function meaningOf(
  symbol: string,
  root: ConfigNode,
  mixers: Readonly<Record<string, unknown>>,
): Meaning | undefined {
  const node = child(nodeAt(root, ['model', 'symbols']), symbol);
  if (node?.kind === 'map') return { options: toPlain(node) as Record<string, unknown>, node };
  if (node) return undefined;
  const usual = Object.hasOwn(usualSymbols, symbol) ? usualSymbols[symbol] : undefined;
  if (usual) return { options: usual };
  return Object.hasOwn(mixers, symbol) ? { options: { mixer: symbol } } : undefined;
}

/** The layers that the pattern stands for, as items of `layers`; undefined without a pattern. */
export function patternLayers(
  root: ConfigNode,
  mixers: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>>[] | undefined {
  return readPattern(root)?.flatMap(({ symbol }) => {
    const meaning = meaningOf(symbol, root, mixers);
    return meaning ? [meaning.options] : [];
  });
}
