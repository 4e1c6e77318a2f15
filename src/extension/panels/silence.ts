/** @file Notices a page that does not come. */
import type * as vscode from 'vscode';

const LOOK_MS = 500;

/** Calls once when the panel was seen for so many milliseconds in which its page has said nothing, ever. */
export function whenSilent(
  panel: Pick<vscode.WebviewPanel, 'visible' | 'onDidDispose'> & {
    readonly webview: Pick<vscode.Webview, 'onDidReceiveMessage'>;
  },
  patience: number,
  act: () => void,
): void {
  let seen = 0;
  const look = (): void => {
    // A page that is not seen is not loaded either.
    if (panel.visible) seen += LOOK_MS;
    if (seen < patience) {
      next = setTimeout(look, LOOK_MS);
      return;
    }
    end();
    act();
  };
  let next = setTimeout(look, LOOK_MS);
  const end = (): void => {
    clearTimeout(next);
    word.dispose();
    closed.dispose();
  };
  const word = panel.webview.onDidReceiveMessage(end);
  const closed = panel.onDidDispose(end);
}
