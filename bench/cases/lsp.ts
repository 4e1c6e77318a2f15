/**
 * @file The language server after a keystroke on a config of 1,000 lines and 200 layers, against
 * yaml-language-server with our JSON Schema. Both are called as libraries in this process: neither transport nor
 * waiting times before an answer count.
 */
import path from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { Documents } from '../../language-server/documents';
import { complete } from '../../language-server/features/completion';
import { hover } from '../../language-server/features/hover';
import { shownDiagnostics } from '../../language-server/features/diagnostics';
import { jsonSchema, language } from '../../src/language';
import { timed, type BenchCase, type Contestant } from '../harness';

/** Folder whose node_modules hold yaml-language-server. */
const PEER = 'SSM_BENCH_YAML_LS';
const URI = 'file:///nowhere/large.ssm.yaml';
const LAYERS = 200;

/** 200 layers in 1,000 lines. */
export function largeConfig(): string {
  const lines = ['data: {type: induction-heads, length: 64}', 'model:', '  d_model: 64', '  layers:'];
  for (let i = 0; i < LAYERS; i++) {
    const size = 8 + 8 * (i % 3);
    if (i % 2 === 0) {
      lines.push(
        '    - mixer: mamba2',
        `      d_state: ${size}`,
        '      headdim: 32',
        '      chunk_size: 64',
      );
    } else
      lines.push('    - mixer: mamba', `      d_state: ${size}`, '      # as published', '      d_conv: 4');
    lines.push('      expand: 2');
  }
  return [...lines, 'train:', '  steps: 1000', '  optimizer:', '    lr: 1e-3', ''].join('\n');
}

/** A document in whose middle a digit changes with every keystroke. */
class Typing {
  #document = TextDocument.create(URI, 'ssm-yaml', 1, largeConfig());
  readonly #line: number;

  constructor() {
    const text = this.#document.getText();
    this.#line = this.#document.positionAt(text.indexOf('d_state', text.length / 2)).line;
  }

  /** Where a key of a layer in the middle could be completed. */
  get position(): { line: number; character: number } {
    return { line: this.#line, character: 8 };
  }

  key(): TextDocument {
    const version = this.#document.version + 1;
    const start = { line: this.#line, character: '      d_state: '.length };
    const range = { start, end: { ...start, character: start.character + 1 } };
    this.#document = TextDocument.update(
      this.#document,
      [{ range, text: String(1 + (version % 9)) }],
      version,
    );
    return this.#document;
  }
}

type What = 'completion' | 'hover' | 'diagnostics';

async function ours(what: What): Promise<Contestant> {
  const typing = new Typing();
  const documents = new Documents(language, () => Promise.reject(new Error('nothing is read here')));
  documents.opened(typing.key());
  await documents.state(URI);
  return {
    name: 'ours',
    run: () => {
      const document = typing.key();
      return timed(async () => {
        documents.set(document);
        if (what === 'diagnostics') {
          const state = await documents.state(URI);
          if (!state || shownDiagnostics(state).length > 0) throw new Error('The config has no errors.');
        } else if (what === 'hover') {
          const state = await documents.glance(URI);
          if (!state || !hover(state, typing.position, language()))
            throw new Error('There is something to say.');
        } else {
          const state = await documents.recent(URI);
          const items = state && (await complete(state, typing.position, language(), { snippets: true }));
          if (!items?.length) throw new Error('There is something to complete.');
        }
      });
    },
    close: () => Promise.resolve(),
  };
}

interface YamlService {
  configure(settings: object): void;
  doValidation(document: TextDocument, isKubernetes: boolean): Promise<unknown[]>;
  doHover(document: TextDocument, position: object): Promise<unknown>;
  doComplete(document: TextDocument, position: object, isKubernetes: boolean): Promise<{ items: unknown[] }>;
}

async function peers(what: What): Promise<Contestant[]> {
  const folder = process.env[PEER];
  if (folder === undefined) return [];
  // Asked for at run time, so that no bundler looks for the peer.
  const { createRequire } = process.getBuiltinModule('node:module');
  const load = createRequire(path.join(path.resolve(folder), 'index.js'));
  const { getLanguageService } = load('yaml-language-server') as {
    getLanguageService: (options: object) => YamlService;
  };
  const { version } = load('yaml-language-server/package.json') as { version: string };
  const silent = { sendTelemetry: () => undefined, sendError: () => undefined, sendTrack: () => undefined };
  const service = getLanguageService({
    schemaRequestService: () => Promise.reject(new Error('nothing is fetched here')),
    workspaceContext: { resolveRelativePath: (relative: string) => relative },
    telemetry: silent,
  });
  service.configure({
    validate: true,
    completion: true,
    hover: true,
    schemas: [{ uri: 'file:///nowhere/ssm.schema.json', fileMatch: ['*.ssm.yaml'], schema: jsonSchema() }],
  });
  const typing = new Typing();
  return [
    {
      name: `yaml-language-server ${version}`,
      run: () => {
        const document = typing.key();
        return timed(async () => {
          if (what === 'diagnostics') await service.doValidation(document, false);
          else if (what === 'hover') {
            if (!(await service.doHover(document, typing.position)))
              throw new Error('There is something to say.');
          } else if ((await service.doComplete(document, typing.position, false)).items.length === 0)
            throw new Error('There is something to complete.');
        });
      },
      close: () => Promise.resolve(),
    },
  ];
}

const lspCase = (what: What): BenchCase => ({
  name: `lsp/${what}`,
  about: `${what} after a keystroke in 1,000 lines with ${LAYERS} layers`,
  reach: 3,
  repetitions: 60,
  ours: () => ours(what),
  peers: () => peers(what),
});

export const lspCases: readonly BenchCase[] = (['completion', 'hover', 'diagnostics'] as const).map(lspCase);
