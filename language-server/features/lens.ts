/** @file Code lenses above the config: what can be done with it. */
import type { CodeLens } from 'vscode-languageserver';
import type { State } from '../documents';

export function codeLenses({ document }: State): CodeLens[] {
  const start = { line: 0, character: 0 };
  const range = { start, end: start };
  return [
    { range, command: { title: '▷ Train', command: 'ssm.train', arguments: [document.uri] } },
    { range, command: { title: 'Inspect scan', command: 'ssm.inspectScan', arguments: [document.uri] } },
  ];
}
