/** @file Hover: what a key or a word is, and the numbers that follow from this config. */
import { MarkupKind, type Hover, type Position } from 'vscode-languageserver';
import { nodeAt, scalarText, type Path } from '../../src/config';
import { presetMarkdown, type Analysis, type Language } from '../../src/language';
import { publishedLine, publishedValues } from '../../src/language/presets/values';
import { locate, type Located } from '../../src/language/schema/types';
import { tagIn } from '../../src/language/language';
import { quantity } from '../../src/language/words';
import type { State } from '../documents';
import { aliasHover } from './aliases';
import { dataMarkdown, fieldMarkdown, layerMarkdown, variantMarkdown } from './docs';
import { spotAt, type Spot } from './locate-offset';
import { layerAt, layerSummary, patternSummary, shapeSummary, stackSummary } from './numbers';

export function hover(state: State, position: Position, language: Language): Hover | undefined {
  const { document, parsed, resolved } = state;
  const alias = aliasHover(document, position);
  if (alias) return alias;
  const spot = parsed.root && spotAt(parsed.root, document.offsetAt(position));
  if (!spot || !parsed.root) return undefined;
  const root = parsed.root;
  const tag = (at: Path, key: string): string | undefined =>
    tagIn(root, at, key) ?? tagIn(state.base, at, key);
  const located = locate(language.type, spot.path, tag);
  if (!located) return undefined;
  const parts = [
    spot.on === 'value' ? valueDocs(spot, located, language) : undefined,
    located.field && fieldMarkdown(located.field),
    spot.path[0] === 'model' ? publishedLine(publishedOf(spot.path, language, tag)) : undefined,
    numbers(spot, resolved.analysis),
  ];
  const value = [...new Set(parts.filter((part) => part !== undefined && part !== ''))].join('\n\n---\n\n');
  if (value === '') return undefined;
  return {
    contents: { kind: MarkupKind.Markdown, value },
    range: { start: document.positionAt(spot.where.start), end: document.positionAt(spot.where.end) },
  };
}

/** What the presets have at a key of the model, or at an option of the same mixer. */
function publishedOf(
  path: Path,
  language: Language,
  tag: (at: Path, key: string) => string | undefined,
): ReturnType<typeof publishedValues> {
  const key = path[path.length - 1];
  if (path.length === 2) return publishedValues(language, path, undefined);
  const mixer = tag(path.slice(0, -1), 'mixer');
  return mixer === undefined || key === 'mixer' ? new Map() : publishedValues(language, path, mixer);
}

/** The definition behind a mixer, a data set or a task. */
function valueDocs(spot: Spot, located: Located, { registry, type }: Language): string | undefined {
  const word = scalarText(spot.node);
  const key = spot.path[spot.path.length - 1];
  if (word === undefined) return undefined;
  if (key === 'extends' && registry.presets?.has(word)) return presetMarkdown(word);
  if (key === 'mixer' && Object.hasOwn(registry.mixers, word)) {
    const layer = registry.mixers[word];
    return layer && layerMarkdown(layer);
  }
  const isTag = key === 'type' || located.type.kind === 'variants';
  if (isTag && spot.path[0] === 'data' && Object.hasOwn(registry.datasets, word)) {
    const data = registry.datasets[word];
    return data && dataMarkdown(data);
  }
  const task = type.fields.get('task')?.type;
  if (isTag && spot.path[0] === 'task' && task?.kind === 'variants')
    return variantMarkdown(word, task.variants.get(word));
  return undefined;
}

/** What this config makes of it. */
function numbers(spot: Spot, analysis: Analysis | undefined): string | undefined {
  if (!analysis) return undefined;
  const [section] = spot.path;
  const key = spot.path[spot.path.length - 1];
  if (section === 'data' && spot.path.length <= 2 && (key === 'data' || key === 'type'))
    return shapeSummary(analysis);
  if (section !== 'model') return undefined;
  if (spot.path.length === 1 || (spot.path.length === 2 && key === 'layers')) return stackSummary(analysis);
  if (spot.path.length === 2 && key === 'pattern') return patternSummary(analysis);
  const layer = layerAt(analysis, spot.path);
  if (!layer) return undefined;
  const facts = analysis.facts.get(layer);
  if (key === 'mixer') return layerSummary(analysis, layer);
  const derived = facts?.derived[String(key)];
  const node = nodeAt(analysis.root, spot.path);
  return derived === undefined ? undefined : `Here: ${scalarText(node) ?? ''} → ${quantity(derived)}`;
}
