import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { CLI, run } from './cli';

describe('lsp', function () {
  this.timeout(60_000);

  it('speaks the language server protocol over --stdio until it is told to exit', async () => {
    const child = spawn(process.execPath, [...CLI, 'lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    connection.listen();
    const answer = await connection.sendRequest<{ capabilities: { completionProvider?: object } }>(
      'initialize',
      {
        processId: process.pid,
        rootUri: null,
        capabilities: {},
      },
    );
    assert.ok(answer.capabilities.completionProvider);
    await connection.sendRequest('shutdown');
    await connection.sendNotification('exit');
    assert.equal(await exited, 0);
    connection.dispose();
  });

  it('says how to start it otherwise', async () => {
    const { code, stderr } = await run('lsp');
    assert.equal(code, 64);
    assert.match(stderr, /--stdio/);
  });
});

describe('check', () => {
  it('prints diagnostics with ranges as JSON and fails on errors', async () => {
    const { code, stdout } = await run('check', __filename, '--format', 'json');
    assert.equal(code, 1);
    const [first] = JSON.parse(stdout) as Record<string, unknown>[];
    assert.equal(first!['file'], __filename);
    assert.equal(first!['severity'], 'error');
    for (const key of ['line', 'column', 'endLine', 'endColumn']) assert.ok((first![key] as number) >= 1);
  });
  it('passes the examples', async () => {
    const { code, stdout } = await run(
      'check',
      'examples/induction-heads.ssm.yaml',
      'examples/text.ssm.yaml',
    );
    assert.equal(code, 0, stdout);
    // What each comes to.
    assert.match(
      stdout,
      /^examples\/induction-heads\.ssm\.yaml: 2 layers, 21 k parameters, .*FLOP per token forward, about .*B of memory to train\.$/m,
    );
    assert.match(stdout, /2 files checked: no problems\.\n$/);
  });
});
