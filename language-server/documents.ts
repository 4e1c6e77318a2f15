/** @file Open documents and what is known about them; computed once per version and kept until something changes. */
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { URI, Utils } from 'vscode-uri';
import {
  combine,
  loadChain,
  parseConfig,
  readConfigFile,
  type ConfigNode,
  type Diagnostic,
  type Parsed,
  type Reader,
} from '../src/config';
import { DataCheck } from './data-check';
import { resolveChain, type Language, type Resolved } from '../src/language';

export interface State {
  readonly document: TextDocument;
  readonly parsed: Parsed;
  readonly resolved: Resolved;
  /** The merged bases under this document, for tags that only they write. */
  readonly base?: ConfigNode;
}

interface Known {
  readonly version: number;
  readonly state: Promise<State>;
  /** What the state was computed from; absent while it is being computed. */
  sources?: { readonly files: readonly string[]; readonly incomplete: boolean };
}

/** One spelling for a URI, however a client escapes it. */
const keyOf = (uri: string): string => URI.parse(uri).toString();

/** Reads a file that is not open, for example through the client in a virtual workspace. */
export type ReadElsewhere = (uri: string) => Promise<string>;

export class Documents {
  private readonly dataCheck = new DataCheck();
  private readonly open = new Map<string, TextDocument>();
  /** The last state of every document that was computed, perhaps of an older version. */
  private readonly finished = new Map<string, { readonly version: number; readonly state: State }>();
  private readonly states = new Map<string, Known>();

  constructor(
    private readonly language: () => Language,
    private readonly readElsewhere: ReadElsewhere,
  ) {}

  readonly reader: Reader = {
    read: async (uri) => {
      const document = this.open.get(keyOf(uri));
      if (document) return document.getText();
      const parsed = URI.parse(uri);
      return parsed.scheme === 'file' ? readConfigFile(parsed.fsPath) : this.readElsewhere(uri);
    },
    resolve: (uri, reference) => {
      const from = URI.parse(uri);
      // A document without a place of its own (untitled) can only name absolute paths.
      if (/^([A-Za-z]:)?[/\\]/.test(reference)) return URI.file(reference).toString();
      return Utils.resolvePath(Utils.dirname(from), reference).toString();
    },
    toDisk: (uri) => {
      const parsed = URI.parse(uri);
      return parsed.scheme === 'file' ? parsed.fsPath : undefined;
    },
  };

  /** A document that was just opened: nothing older is true of it. */
  opened(document: TextDocument): void {
    this.finished.delete(keyOf(document.uri));
    this.set(document);
  }

  set(document: TextDocument): void {
    this.open.set(keyOf(document.uri), document);
    this.forget(document.uri);
  }

  close(uri: string): void {
    this.open.delete(keyOf(uri));
    this.finished.delete(keyOf(uri));
    this.forget(uri);
  }

  get(uri: string): TextDocument | undefined {
    return this.open.get(keyOf(uri));
  }

  get uris(): string[] {
    return [...this.open.values()].map((document) => document.uri);
  }

  /** Drops what is known of a document and of those that are built on it. */
  forget(uri: string): void {
    const changed = keyOf(uri);
    for (const [other, { sources }] of this.states) {
      const isBuiltOnIt =
        !sources || sources.incomplete || sources.files.some((file) => keyOf(file) === changed);
      if (other === changed || isBuiltOnIt) this.states.delete(other);
    }
  }

  /** Files on disk changed. */
  forgetAll(): void {
    this.dataCheck.forget();
    this.states.clear();
  }

  /** @returns undefined for documents that are not open */
  async state(uri: string): Promise<State | undefined> {
    const document = this.open.get(keyOf(uri));
    if (!document) return undefined;
    const known = this.states.get(keyOf(uri));
    if (known?.version === document.version) return known.state;
    const state = this.compute(document);
    const entry: Known = { version: document.version, state };
    this.states.set(keyOf(uri), entry);
    const { resolved } = await state;
    const incomplete = resolved.diagnostics.some((diagnostic) => diagnostic.code === 'extends-missing');
    entry.sources = { files: resolved.files, incomplete };
    return state;
  }

  /**
   * The document as it is now, with what was last known about it: enough for completion, which must not wait.
   * Only the first answer after opening waits.
   */
  async recent(uri: string): Promise<State | undefined> {
    const document = this.open.get(keyOf(uri));
    const last = this.finished.get(keyOf(uri))?.state;
    if (!document || !last) return this.state(uri);
    return { ...last, document };
  }

  /**
   * The document as it is now, read anew, without the numbers that follow from it unless they are known already:
   * enough for hovers, which must not wait either.
   */
  async glance(uri: string): Promise<State | undefined> {
    const document = this.open.get(keyOf(uri));
    const last = this.finished.get(keyOf(uri));
    // An edited document stays the same object; only its version tells.
    if (!document || !last || last.version === document.version) return this.state(uri);
    const { analysis: _numbers, ...resolved } = last.state.resolved;
    return { ...last.state, document, parsed: parseConfig(document.uri, document.getText()), resolved };
  }

  private async compute(document: TextDocument): Promise<State> {
    const { version } = document;
    const language = this.language();
    const parsed = parseConfig(document.uri, document.getText());
    const { presets } = language.registry;
    const chain = await loadChain(parsed, { reader: this.reader, ...(presets ? { presets } : {}) });
    const merged = resolveChain(language, chain, this.reader);
    const wrong = await this.dataCheck.of(merged, language, this.reader);
    const resolved = wrong.length === 0 ? merged : withMore(merged, wrong);
    const bases = chain.parts.slice(1);
    const state: State = {
      document,
      parsed,
      resolved,
      ...(bases.length > 0 ? { base: combine(bases, language.rules).root } : {}),
    };
    if (this.open.has(keyOf(document.uri))) this.finished.set(keyOf(document.uri), { version, state });
    return state;
  }
}

/** The text is kept, though the data that it names are not there. */
function withMore(resolved: Resolved, more: readonly Diagnostic[]): Resolved {
  const { text } = resolved;
  const diagnostics = [...resolved.diagnostics, ...more];
  return { ...resolved, diagnostics, ...(text === undefined ? {} : { text }) };
}
