/**
 * @file Starts the embedded editor's server. Two callers with different needs: `npm start` (random token, Workspace
 * Trust on) and the real-editor tests (no token, on a loopback port of their own).
 */
import { spawn, execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { cleanEnvironment } from './install.mjs';

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Status code of a GET, or undefined while nothing answers. */
export function statusOf(url, headers = {}) {
  return new Promise((resolve) => {
    const request = http.get(url, { headers, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
  });
}

/**
 * @param {ReturnType<import('./install.mjs').editorPaths>} editor
 * @param {{
 *   data: string, extensions: string, token?: boolean, trust?: boolean, tests?: boolean,
 *   settings?: object, environment?: Record<string, string>, log?: string, port?: number
 * }} options `data`, `extensions`: folders of this server; `token`: only who knows it is served; `trust`: Workspace
 *   Trust on; `tests`: the editor's smoke-test driver
 */
export async function startEditorServer(editor, options) {
  const { data, extensions } = options;
  fs.mkdirSync(data, { recursive: true, mode: 0o700 });
  fs.mkdirSync(extensions, { recursive: true });
  if (options.settings !== undefined) {
    const machine = path.join(data, 'data', 'Machine');
    fs.mkdirSync(machine, { recursive: true });
    const file = path.join(machine, 'settings.json');
    if (!fs.existsSync(file)) fs.writeFileSync(file, `${JSON.stringify(options.settings, null, 2)}\n`);
  }
  const port = options.port ?? (await freePort());
  const args = [
    editor.main,
    ...[
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--accept-server-license-terms',
      '--disable-telemetry',
    ],
    ...['--server-data-dir', data, '--extensions-dir', extensions],
  ];
  let token;
  if (options.token === false) args.push('--without-connection-token');
  else {
    token = randomBytes(24).toString('hex');
    const file = path.join(data, 'token');
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, token, { mode: 0o600 });
    args.push('--connection-token-file', file);
  }
  if (options.trust === false) args.push('--disable-workspace-trust');
  if (options.tests === true) args.push('--enable-smoke-test-driver');
  const log = fs.openSync(options.log ?? path.join(data, 'server.log'), 'a');
  const child = spawn(process.execPath, args, {
    cwd: editor.vscode,
    env: cleanEnvironment({ VSCODE_CLI: '', ...options.environment }),
    stdio: ['ignore', log, log],
    // Its own group, so that stopping it takes the extension hosts along.
    detached: process.platform !== 'win32',
  });
  fs.closeSync(log);
  let exited;
  child.once('exit', (code, signal) => {
    exited = `the editor's server ended (${code ?? signal}); its log is ${options.log ?? path.join(data, 'server.log')}`;
  });
  const stop = async () => {
    if (exited !== undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    signalGroup(child, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), 3000);
    await gone;
    clearTimeout(timer);
    signalGroup(child, 'SIGKILL');
  };
  const origin = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  while ((await statusOf(`${origin}/version`)) === undefined) {
    if (exited !== undefined) throw new Error(exited);
    if (Date.now() > deadline) {
      await stop();
      throw new Error("the editor's server did not answer within a minute");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    port,
    token,
    origin,
    pid: child.pid,
    stop,
    exited: new Promise((resolve) => child.once('exit', resolve)),
    /**
     * Address of the editor on a folder, with the token and an extension under development.
     * @param {{ folder?: string, extension?: string, file?: string, tests?: string }} what absolute paths; `tests`: a
     *   suite for the extension host
     */
    address({ folder, extension, file, tests }) {
      const query = new URLSearchParams();
      if (token !== undefined) query.set('tkn', token);
      if (folder !== undefined) query.set('folder', folder);
      const payload = [];
      if (extension !== undefined) {
        payload.push(['extensionDevelopmentPath', `vscode-remote://127.0.0.1:${port}${extension}`]);
      }
      if (tests !== undefined)
        payload.push(['extensionTestsPath', `vscode-remote://127.0.0.1:${port}${tests}`]);
      if (file !== undefined) payload.push(['openFile', `vscode-remote://127.0.0.1:${port}${file}`]);
      if (payload.length > 0) query.set('payload', JSON.stringify(payload));
      return `${origin}/?${query}`;
    },
  };
}

function signalGroup(child, signal) {
  try {
    if (process.platform === 'win32') execFile('taskkill', ['/pid', String(child.pid), '/T', '/F']);
    else process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}

/** Installs a VSIX into an extensions folder. */
export function installVsix(editor, vsix, { extensions, data }) {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [
        editor.installer,
        '--install-extension',
        vsix,
        '--extensions-dir',
        extensions,
        '--user-data-dir',
        data,
      ],
      { cwd: editor.vscode, env: cleanEnvironment(), maxBuffer: 16 << 20 },
      (error, stdout, stderr) => {
        if (error || !/successfully installed/i.test(stdout))
          reject(new Error(`VSIX not installed: ${stdout}${stderr}`));
        else resolve(stdout);
      },
    );
  });
}
