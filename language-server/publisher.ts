/** @file Pushed diagnostics, for clients that cannot ask for them. */
import type { Connection } from 'vscode-languageserver';
import type { Documents } from './documents';
import { shownDiagnostics } from './features/diagnostics';

/** Waiting time after a keystroke: no flicker, and still at once for the eye. */
const pause = 80;

export class Publisher {
  enabled = false;
  reference: () => string | undefined = () => undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly waiting = new Set<string>();

  constructor(
    private readonly connection: Connection,
    private readonly documents: Documents,
  ) {}

  /** A document changed; others may be built on it, so all open ones are looked at again. */
  changed(uri: string, delay: number = pause): void {
    if (!this.enabled) return;
    this.waiting.add(uri);
    for (const other of this.documents.uris) this.waiting.add(other);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), delay);
  }

  all(): void {
    for (const uri of this.documents.uris) this.changed(uri);
  }

  closed(uri: string): void {
    this.waiting.delete(uri);
    if (this.enabled) void this.connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  private async flush(): Promise<void> {
    const uris = [...this.waiting];
    this.waiting.clear();
    for (const uri of uris) {
      try {
        const state = await this.documents.state(uri);
        // Older states are not shown: a newer one is on its way.
        if (!state || this.documents.get(uri)?.version !== state.document.version) continue;
        const diagnostics = shownDiagnostics(state, this.reference());
        await this.connection.sendDiagnostics({ uri, version: state.document.version, diagnostics });
      } catch (error) {
        this.connection.console.error(String(error));
      }
    }
  }
}
