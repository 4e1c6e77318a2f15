/** @file Inlay hints: what follows from the written options, behind the line that decides it. */
import { InlayHintKind, type InlayHint, type Range } from 'vscode-languageserver';
import { find, type Path } from '../../src/config';
import { stackLine, type Analysis } from '../../src/language';
import type { LayerFacts, WrittenLayer } from '../../src/language/model/layers';
import { quantity, written } from '../../src/language/words';
import type { HintKind } from '../client';
import type { State } from '../documents';
import { derivedLine, patternLine, shapeLine } from './numbers';

/** @param kinds those that the user has not switched off */
export function inlayHints(state: State, range: Range, kinds: ReadonlySet<HintKind>): InlayHint[] {
  const { document, resolved, parsed } = state;
  const { analysis } = resolved;
  if (!analysis) return [];
  const hints: InlayHint[] = [];
  const from = document.offsetAt(range.start);
  const to = document.offsetAt(range.end);
  /** Behind a value, or behind the key (and its colon) of a section. */
  const add = (path: Path, label: () => string | undefined, behind: 'key' | 'value'): void => {
    const found = find(analysis.root, path);
    if (!found.exact) return;
    const where = behind === 'key' ? found.entry?.keyWhere : found.node.where;
    if (!where || where.source !== parsed.source) return;
    const end = behind === 'key' ? where.end + 1 : where.end;
    if (end < from || end > to) return;
    const text = label();
    if (text === undefined || text === '') return;
    hints.push({
      position: document.positionAt(end),
      label: text,
      kind: InlayHintKind.Type,
      paddingLeft: true,
    });
  };
  const data = find(analysis.root, ['data', 'type']);
  if (kinds.has('shapes')) add(data.exact ? ['data', 'type'] : ['data'], () => shapeLine(analysis), 'value');
  if (kinds.has('totals')) {
    add(['model', 'layers'], () => stackLine(analysis), 'key');
    add(['model', 'pattern'], () => patternLine(analysis), 'value');
  }
  for (const layer of analysis.stack.layers) {
    const facts = analysis.facts.get(layer);
    if (facts) add([...layer.path, 'mixer'], () => layerLabel(analysis, layer, facts, kinds), 'value');
  }
  return hints;
}

/** `(64, 32) · 4.1 k parameters · state 9.2 kB · d_inner 64, dt_rank 2 · × 2` */
function layerLabel(
  analysis: Analysis,
  layer: WrittenLayer,
  facts: LayerFacts,
  kinds: ReadonlySet<HintKind>,
): string {
  const length = analysis.data?.shape?.length;
  const parts: string[] = [];
  if (kinds.has('shapes') && length !== undefined && analysis.dims)
    parts.push(`(${length}, ${analysis.dims.d_model})`);
  if (kinds.has('parameters')) parts.push(`${quantity(facts.parameters)} parameters`);
  if (kinds.has('state') && facts.state) parts.push(`state ${quantity(4 * facts.state)}B`);
  if (kinds.has('derived')) parts.push(derivedLine(facts.derived));
  if (kinds.has('defaults')) parts.push(defaultsLine(layer));
  if (layer.count > 1 && parts.length > 0) parts.push(`× ${layer.count}`);
  return parts.filter((part) => part !== '').join(' · ');
}

/** Options that are not written and so have their default: `d_state 16, d_conv 4`. */
function defaultsLine({ options, node }: WrittenLayer): string {
  return Object.entries(options ?? {})
    .filter(([key, value]) => !node.entries.has(key) && value !== undefined && value !== 'auto')
    .map(([key, value]) => `${key} ${written(value)}`)
    .join(', ');
}
