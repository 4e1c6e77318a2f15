/** @file The numbers of a config in words: sizes, parameters, states. */
import { startsWith, type Path } from '../../src/config';
import { costOf, stackCosts, stackLine, type Analysis } from '../../src/language';
import type { WrittenLayer } from '../../src/language/model/layers';
import { reachLine } from '../../src/language/model/reach';
import { quantity } from '../../src/language/words';

export function layerAt(analysis: Analysis, path: Path): WrittenLayer | undefined {
  return analysis.stack.layers.find((layer) => startsWith(path, layer.path));
}

/** `length 64, 16 tokens → 1 answer` */
export function shapeLine({ data }: Analysis): string | undefined {
  const shape = data?.shape;
  if (!shape) return undefined;
  const { input, target, length } = shape;
  const what = input.kind === 'tokens' ? `vocabulary ${input.vocab_size}` : `${input.features} features`;
  const answers = {
    'next-token': 'next token',
    answer: target.kind === 'answer' ? `${target.positions} answer${target.positions === 1 ? '' : 's'}` : '',
    marked: 'marked answers',
    class: target.kind === 'class' ? `${target.classes} classes` : '',
    values: target.kind === 'values' ? `${target.positions} × ${target.features} numbers` : '',
  }[target.kind];
  return `length ${length}, ${what} → ${answers}`;
}

export function shapeSummary(analysis: Analysis): string | undefined {
  const line = shapeLine(analysis);
  return line === undefined ? undefined : `Here: ${line}.`;
}

/** Derived sizes: `d_inner 64, dt_rank 2`. */
export function derivedLine(derived: Readonly<Record<string, number>>): string {
  return Object.entries(derived)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

export function layerSummary(analysis: Analysis, layer: WrittenLayer): string | undefined {
  const facts = analysis.facts.get(layer);
  if (!facts) return undefined;
  const last = layer.index + layer.count - 1;
  const span =
    layer.path[1] === 'layers' ? `, ${layer.index} … ${last}` : ` of the pattern, the first ${layer.index}`;
  const which = layer.count === 1 ? `Layer ${layer.index}` : `${layer.count} layers${span}`;
  const length = analysis.data?.shape?.length;
  const width = analysis.dims?.d_model;
  const flops = costOf(analysis)?.perLayer[layer.index]?.flopsPerToken;
  const rows = [
    `${which}: (batch, ${length ?? 'time'}, ${width ?? 'd_model'}) → the same`,
    derivedLine(facts.derived),
    `${quantity(facts.parameters)} parameters each`,
    flops === undefined ? '' : `${quantity(flops)}FLOP per token, forward`,
    facts.state === undefined
      ? 'cannot decode step by step'
      : `state of ${quantity(facts.state * 4)}B per sequence`,
    reachLine(layer, facts, length),
  ];
  return rows
    .filter((row) => row !== '')
    .map((row) => `- ${row}`)
    .join('\n');
}

export function stackSummary(analysis: Analysis): string | undefined {
  const costs = stackCosts(analysis);
  return costs === undefined ? undefined : `Here: ${costs}.`;
}

/** `24 mamba2 (43 %), 4 attention (7 %), 28 mlp (50 %)`: what a pattern's layers are. */
function shares({ stack }: Analysis): string {
  return stack.layers
    .map(
      ({ definition, count }) => `${count} ${definition.name} (${Math.round((100 * count) / stack.total)} %)`,
    )
    .join(', ');
}

export function patternLine(analysis: Analysis): string | undefined {
  const line = stackLine(analysis);
  return line === undefined ? undefined : `${line}: ${shares(analysis)}`;
}

export function patternSummary(analysis: Analysis): string | undefined {
  const line = stackSummary(analysis);
  return line === undefined ? undefined : `${line}\n\n${shares(analysis)}.`;
}
