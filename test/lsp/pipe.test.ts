/**
 * @file Random edits against the server as a process, over its pipe: every request is answered, in time, and memory
 * stays. `SSM_FUZZ_EDITS` asks for more edits than the quick selection.
 */
import * as assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import {
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  InitializedNotification,
  InitializeRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type ProtocolConnection,
} from 'vscode-languageserver-protocol/node';
import { Random } from '../../src/util/random';
import { modern } from './harness';
import { hostile, pieces } from './pieces';

const edits = Number(process.env['SSM_FUZZ_EDITS'] ?? 1000);
const root = path.resolve(__dirname, '../..');
const entry = path.join(root, 'language-server', 'main.ts');
const folder = path.join(root, 'examples');
const examples = readdirSync(folder)
  .filter((name) => name.endsWith('.ssm.yaml'))
  .map((name) => readFileSync(path.join(folder, name), 'utf8'));

const wholes = [...hostile, 'model:\n  layers:\n' + '    - mixer: mamba\n      d_state: 8\n'.repeat(500)];
const huge = `# ${'x'.repeat(10_000_000)}\ndata: induction-heads\n`;
const methods = [
  'completion',
  'hover',
  'diagnostic',
  'documentSymbol',
  'foldingRange',
  'inlayHint',
  'codeAction',
  'codeLens',
  'semanticTokens/full',
  'definition',
  'references',
  'prepareRename',
  'documentHighlight',
  'documentLink',
  'formatting',
  'selectionRange',
];

/** Megabytes that the process holds, where the system tells. */
function residentMb(child: ChildProcess): number | undefined {
  const file = `/proc/${child.pid}/status`;
  if (!existsSync(file)) return undefined;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1]) / 1024;
}

/** Milliseconds of work so far, which other programs on the machine do not lengthen; else the clock. */
function workMs(child: ChildProcess): number {
  const file = `/proc/${child.pid}/stat`;
  if (!existsSync(file)) return performance.now();
  const fields = readFileSync(file, 'utf8').split(') ').pop()?.split(' ') ?? [];
  // User and system time in ticks of 10 ms.
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

class Fuzzed {
  readonly #texts = new Map<string, string>();
  #version = 1;

  constructor(
    readonly connection: ProtocolConnection,
    readonly random: Random,
  ) {}

  int(below: number): number {
    return Math.floor(this.random.uniform() * below);
  }

  async open(uri: string, text: string): Promise<void> {
    this.#texts.set(uri, text);
    const textDocument = { uri, languageId: 'ssm-yaml', version: 1, text };
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
  }

  async replace(uri: string, text: string): Promise<void> {
    this.#texts.set(uri, text);
    const textDocument = { uri, version: ++this.#version };
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument,
      contentChanges: [{ text }],
    });
  }

  /** Cuts and inserts something at a random place. */
  async edit(uri: string): Promise<void> {
    const text = this.#texts.get(uri) ?? '';
    const at = this.int(text.length + 1);
    const cut = this.int(20) === 0 ? this.int(text.length) : this.int(8);
    const insert = Array.from({ length: this.int(3) }, () => pieces[this.int(pieces.length)] ?? '').join('');
    const next = text.slice(0, at) + insert + text.slice(at + cut);
    const range = { start: positionAt(text, at), end: positionAt(text, Math.min(text.length, at + cut)) };
    this.#texts.set(uri, next);
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version: ++this.#version },
      contentChanges: [{ range, text: insert }],
    });
  }

  /** One request of a kind at a random place. */
  async ask(uri: string, method: string): Promise<void> {
    const text = this.#texts.get(uri) ?? '';
    const position = positionAt(text, this.int(text.length + 1));
    const range = { start: position, end: position };
    await this.connection.sendRequest(`textDocument/${method}`, {
      textDocument: { uri },
      position,
      positions: [position],
      range,
      context: { diagnostics: [], includeDeclaration: true },
      options: { tabSize: 2, insertSpaces: true },
    });
  }
}

function positionAt(text: string, offset: number): { line: number; character: number } {
  let line = 0;
  let start = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, character: offset - start };
}

describe('the server process under random edits', () => {
  it(`answers every request over ${edits} edits, in time and with steady memory`, async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', entry, '--stdio'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: root,
    });
    let told = '';
    child.stderr.on('data', (data: Buffer) => (told += data.toString()));
    const connection = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const logged: string[] = [];
    connection.onNotification(
      'window/logMessage',
      ({ message }: { message: string }) => void logged.push(message),
    );
    connection.listen();
    try {
      await connection.sendRequest(InitializeRequest.type, {
        processId: process.pid,
        rootUri: null,
        capabilities: modern,
      });
      await connection.sendNotification(InitializedNotification.type, {});
      const fuzzed = new Fuzzed(connection, new Random(7));
      const uris = ['file:///nowhere/a.ssm.yaml', 'file:///nowhere/b.ssm.yaml'];
      for (const [index, uri] of uris.entries()) await fuzzed.open(uri, examples[index] ?? '');
      const times: number[] = [];
      let early: number | undefined;
      const perRound = 5;
      for (let round = 0; round * perRound < edits; round++) {
        const uri = uris[round % uris.length] ?? '';
        const before = workMs(child);
        if (round % 10 === 0) await fuzzed.replace(uri, examples[fuzzed.int(examples.length)] ?? '');
        else if (round % 37 === 5) await fuzzed.replace(uri, wholes[fuzzed.int(wholes.length)] ?? '');
        else if (round % 199 === 60) await fuzzed.replace(uri, huge);
        else for (let i = 0; i < perRound; i++) await fuzzed.edit(uri);
        const asked = Array.from({ length: 4 }, () => methods[fuzzed.int(methods.length)] ?? 'hover');
        await Promise.all(asked.map((method) => fuzzed.ask(uri, method)));
        times.push(workMs(child) - before);
        assert.equal(child.exitCode, null, told);
        if (round === Math.floor(edits / perRound / 4)) early = residentMb(child);
      }
      times.sort((a, b) => a - b);
      const late = residentMb(child);
      const slowest = times[times.length - 1] ?? 0;
      if (process.env['SSM_FUZZ_EDITS'] !== undefined)
        console.log(
          `      slowest round ${slowest.toFixed(0)} ms of work, 95 % below ${times[Math.floor(times.length * 0.95)]?.toFixed(0)} ms, memory ${early?.toFixed(0)} → ${late?.toFixed(0)} MB`,
        );
      assert.deepEqual(logged, [], 'nothing failed inside');
      // A round is up to five edits and four requests.
      assert.ok((times[Math.floor(times.length * 0.99)] ?? 0) < 1000, `slow: ${slowest} ms of work`);
      assert.ok(slowest < 2000, `a hang of ${slowest} ms of work`);
      if (early !== undefined && late !== undefined)
        assert.ok(late < early + 200, `memory grew from ${early} to ${late} MB`);
    } finally {
      connection.dispose();
      child.kill();
    }
  }).timeout(600_000);
});
