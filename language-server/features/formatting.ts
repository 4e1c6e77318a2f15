/** @file Formatting that cannot change the meaning: white space at line ends, empty lines, the last line's end. */
import type { TextEdit } from 'vscode-languageserver';
import type { State } from '../documents';

export function format({ document, parsed }: State): TextEdit[] {
  // In a broken text or one with block scalars, white space can matter.
  if (parsed.diagnostics.some((d) => d.severity === 'error') || /[|>][+-]?\d?\s*$/m.test(document.getText()))
    return [];
  const text = document.getText();
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/).map((line) => line.replace(/[ \t]+$/, ''));
  const kept = lines.filter((line, index) => line !== '' || (index > 0 && lines[index - 1] !== ''));
  while (kept[kept.length - 1] === '') kept.pop();
  const formatted = kept.length === 0 ? '' : kept.join(eol) + eol;
  if (formatted === text) return [];
  return [
    {
      range: { start: { line: 0, character: 0 }, end: document.positionAt(text.length) },
      newText: formatted,
    },
  ];
}
