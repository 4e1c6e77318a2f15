/** @file What can be wrong with a pattern of layers. */
import { diagnose, find, headWhere, nearest, type Diagnostic, type MapNode } from '../../config';
import type { Analysis } from '../analyse';
import type { Code } from '../codes';
import { isPointwise } from '../model/reach';
import { meaningOf, readPattern, usualSymbols, type PatternSymbol } from '../model/pattern';
import type { Registry } from '../registry';
import { code, list } from '../words';

export function checkPattern(analysis: Analysis, registry: Registry): Diagnostic[] {
  const { root } = analysis;
  const pattern = find(root, ['model', 'pattern']);
  const symbolsAt = find(root, ['model', 'symbols']);
  const symbols = symbolsAt.node.kind === 'map' && symbolsAt.exact ? symbolsAt.node : undefined;
  if (!pattern.exact) {
    if (!symbolsAt.exact) return [];
    const message = '`symbols` has no effect without a `pattern`.';
    return [diagnose(headWhere(symbolsAt), 'warning', 'no-effect' satisfies Code, message)];
  }
  const read = readPattern(root) ?? [];
  const layers = find(root, ['model', 'layers']);
  if (layers.exact) {
    const related = [{ where: headWhere(pattern), message: 'the pattern is here' }];
    const message =
      'Give either `layers` or `pattern`, not both; a base’s list is removed by `layers: null`.';
    return [diagnose(headWhere(layers), 'error', 'invalid-combination' satisfies Code, message, { related })];
  }
  if (read.length === 0) {
    const { node } = pattern;
    // What is neither text nor a list is said by the schema.
    if (node.kind === 'map' || (node.kind === 'scalar' && typeof node.value !== 'string')) return [];
    const message = '`pattern` names no layer: write symbols such as `M-M*-`.';
    return [diagnose(headWhere(pattern), 'error', 'empty-value' satisfies Code, message)];
  }
  return [
    ...unknownSymbols(analysis, read, symbols, registry),
    ...unusedSymbols(read, symbols),
    ...firstAttention(analysis, read),
  ];
}

/** Every symbol once, where it stands first. */
const first = (read: readonly PatternSymbol[]): PatternSymbol[] => [
  ...new Map([...read].reverse().map((one) => [one.symbol, one])).values(),
];

function unknownSymbols(
  { root }: Analysis,
  read: readonly PatternSymbol[],
  symbols: MapNode | undefined,
  { mixers }: Registry,
): Diagnostic[] {
  const known = [...new Set([...Object.keys(usualSymbols), ...(symbols?.entries.keys() ?? [])])];
  return first(read).flatMap(({ symbol, where }) => {
    // What is written under `symbols` is checked there.
    if (symbols?.entries.has(symbol) || meaningOf(symbol, root, mixers)) return [];
    const guess = nearest(symbol, symbol.length > 1 ? [...known, ...Object.keys(mixers)] : known);
    const message =
      `The symbol ${code(symbol)} stands for no layer: take ${list(known.map(code))}, ` +
      `or say what it is under \`symbols\`.`;
    return [
      diagnose(where, 'error', 'unknown-value' satisfies Code, message, guess ? { suggestion: guess } : {}),
    ];
  });
}

function unusedSymbols(read: readonly PatternSymbol[], symbols: MapNode | undefined): Diagnostic[] {
  const used = new Set(read.map(({ symbol }) => symbol));
  return [...(symbols?.entries.values() ?? [])].flatMap(({ key, keyWhere }) => {
    if (used.has(key)) return [];
    const message = `The pattern does not use the symbol ${code(key)}.`;
    return [diagnose(keyWhere, 'warning', 'no-effect' satisfies Code, message)];
  });
}

/** Attention without positions knows the order only from the layers before it. */
function firstAttention({ stack, facts }: Analysis, read: readonly PatternSymbol[]): Diagnostic[] {
  if (facts.size < stack.layers.length) return [];
  const mixing = [...stack.layers]
    .sort((a, b) => a.index - b.index)
    .find((layer) => {
      const known = facts.get(layer);
      return known && !isPointwise(known);
    });
  if (mixing?.definition.name !== 'attention') return [];
  const { rotary_emb_dim, d_conv } = (facts.get(mixing)?.resolved ?? {}) as Record<string, unknown>;
  const others = stack.layers.some(({ definition }) => definition.name !== 'attention');
  if (rotary_emb_dim !== 0 || d_conv !== 0 || !others) return [];
  const [, , symbol] = mixing.path;
  const at = read.find((one) => one.symbol === symbol)?.where ?? mixing.node.where;
  const message =
    'The first layer that mixes positions is attention without positions: put a state space layer before it, ' +
    'or give it `rotary_emb_dim`.';
  return [diagnose(at, 'warning', 'unusual-value' satisfies Code, message)];
}
