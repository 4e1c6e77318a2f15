/** @file Inlay hints: what follows from the written options, behind the line that decides it. */
import { InlayHintKind, type InlayHint, type Range } from 'vscode-languageserver';
import { find, type Path } from '../../src/config';
import { quantity } from '../../src/language/words';
import type { State } from '../documents';
import { derivedLine, shapeLine, stackLine } from './numbers';

export function inlayHints(state: State, range: Range): InlayHint[] {
  const { document, resolved, parsed } = state;
  const { analysis } = resolved;
  if (!analysis) return [];
  const hints: InlayHint[] = [];
  const from = document.offsetAt(range.start);
  const to = document.offsetAt(range.end);
  /** Behind a value, or behind the key (and its colon) of a section. */
  const add = (path: Path, label: string | undefined, behind: 'key' | 'value'): void => {
    const found = find(analysis.root, path);
    if (!found.exact || label === undefined || label === '') return;
    const where = behind === 'key' ? found.entry?.keyWhere : found.node.where;
    if (!where || where.source !== parsed.source) return;
    const end = behind === 'key' ? where.end + 1 : where.end;
    if (end < from || end > to) return;
    hints.push({ position: document.positionAt(end), label, kind: InlayHintKind.Type, paddingLeft: true });
  };
  const data = find(analysis.root, ['data', 'type']);
  add(data.exact ? ['data', 'type'] : ['data'], shapeLine(analysis), 'value');
  add(['model', 'layers'], stackLine(analysis), 'key');
  for (const layer of analysis.stack.layers) {
    const facts = analysis.facts.get(layer);
    if (!facts) continue;
    const sizes = derivedLine(facts.derived);
    const label = [`${quantity(facts.parameters)} parameters`, sizes].filter(Boolean).join(' · ');
    add([...layer.path, 'mixer'], layer.count > 1 ? `${label} · × ${layer.count}` : label, 'value');
  }
  return hints;
}
