/** @file `npm start` with the embedded editor: only who has the token is served, and Ctrl-C ends it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { statusOf } from '../../scripts/editor/server.mjs';
import { root } from '../../scripts/steps.mjs';

describe('npm start, embedded editor', () => {
  let child: ChildProcess;
  let said = '';
  let address: URL;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ssm-start-'));

  before(async () => {
    child = spawn(
      process.execPath,
      [
        path.join(root, 'scripts', 'start.mjs'),
        '--embedded',
        '--no-browser',
        '--no-build',
        '--folder',
        folder,
      ],
      { cwd: folder, env: { ...process.env, SSM_STUDIO_STATE: path.join(folder, 'state') } },
    );
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const deadline = Date.now() + 150_000;
    for (;;) {
      const match = /http:\/\/127\.0\.0\.1:\S+/.exec(said);
      if (match !== null && said.includes('Ctrl-C')) {
        address = new URL(match[0]);
        break;
      }
      if (Date.now() > deadline || child.exitCode !== null) throw new Error(`no address; it said:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  after(() => {
    child?.kill('SIGINT');
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('prints an address with a token, the folder and how to reach it over SSH', () => {
    assert.match(address.searchParams.get('tkn') ?? '', /^[0-9a-f]{48}$/);
    assert.equal(address.searchParams.get('folder'), folder);
    assert.match(said, /ssh -L \d+:127\.0\.0\.1:\d+/);
  });

  it('keeps the token in a file that only the user can read', () => {
    const file = path.join(folder, 'state', 'token');
    assert.equal(fs.readFileSync(file, 'utf8'), address.searchParams.get('tkn'));
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });

  it('answers 403 without the token, whatever is asked for', async () => {
    const secret = path.join(folder, 'secret.txt');
    fs.writeFileSync(secret, 'x');
    for (const target of [
      '/',
      `/?folder=${encodeURIComponent(folder)}`,
      '/?tkn=0123456789abcdef',
      `/vscode-remote-resource?path=${encodeURIComponent(secret)}`,
      '/static/out/vs/code/browser/workbench/workbench.js',
    ]) {
      const status = await statusOf(`${address.origin}${target}`);
      assert.ok(status === 403 || status === 404, `${target} was answered with ${status}`);
      if (target.startsWith('/?') || target === '/') assert.equal(status, 403, target);
    }
    assert.equal(await statusOf(`${address.origin}/`, { host: 'elsewhere.example' }), 403);
  });

  it('refuses a socket that does not show the token', async () => {
    const data = await firstSocketMessage(address);
    assert.ok(!data.includes('"type":"sign"'), `the server went on with the handshake: ${data}`);
  });

  it('serves who has the token', async () => {
    assert.ok([200, 302].includes((await statusOf(address.href)) ?? 0));
  });

  it('does not switch Workspace Trust off', () => {
    assert.ok(!said.includes('disable-workspace-trust'));
    const line = fs
      .readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
      .trim()
      .split(' ')[0];
    const command = fs.readFileSync(`/proc/${line}/cmdline`, 'utf8').split('\0');
    assert.ok(
      command.some((part) => part.endsWith('server-main.js')),
      command.join(' '),
    );
    assert.ok(!command.includes('--disable-workspace-trust'));
    assert.ok(!command.includes('--without-connection-token'));
  });

  it('stops on Ctrl-C', async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await gone;
    assert.equal(await statusOf(`${address.origin}/`), undefined);
  });
});

/** What the server says to a socket of the editor's protocol that sends a wrong token. */
function firstSocketMessage(address: URL): Promise<string> {
  return new Promise((resolve) => {
    const request = http.get({
      host: address.hostname,
      port: address.port,
      path: '/?reconnectionToken=00000000-0000-4000-8000-000000000000&reconnection=false&skipWebSocketFrames=true',
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        origin: 'http://elsewhere.example',
        'sec-websocket-key': Buffer.from('0123456789abcdef').toString('base64'),
        'sec-websocket-version': '13',
      },
    });
    let data = '';
    const done = (): void => {
      request.destroy();
      resolve(data);
    };
    request.once('upgrade', (_response, socket) => {
      const text = JSON.stringify({ type: 'auth', auth: 'wrong token', data: '' });
      const head = Buffer.alloc(13);
      head.writeUInt8(2, 0); // a control message
      head.writeUInt32BE(text.length, 9);
      socket.on('data', (chunk: Buffer) => (data += chunk.toString('latin1')));
      socket.once('close', done);
      socket.on('error', done);
      socket.write(Buffer.concat([head, Buffer.from(text)]));
      setTimeout(done, 1500);
    });
    request.once('response', (response) => {
      data = String(response.statusCode);
      done();
    });
    request.once('error', done);
  });
}
