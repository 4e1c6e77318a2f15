/**
 * @file The embedded editor: the VS Code server of the npm package code-server, installed once into a cache folder
 * outside the checkout. Built-in modules only, since this runs before `npm ci` may have.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const VERSION = '4.100.3';

/** Root of everything that is kept between checkouts. */
export const cacheFolder = () =>
  process.env.SSM_STUDIO_CACHE ??
  path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'ssm-studio');

/** Paths inside an installed editor. */
export function editorPaths(folder) {
  const server = path.join(folder, 'node_modules', 'code-server');
  const vscode = path.join(server, 'lib', 'vscode');
  return {
    folder,
    vscode,
    main: path.join(vscode, 'out', 'server-main.js'),
    installer: path.join(server, 'out', 'node', 'entry.js'),
  };
}

/**
 * Installs the editor unless a complete one is there. Works beside other processes doing the same: the last step
 * is a rename.
 * @param {(line: string) => void} say progress in sentences
 */
export async function ensureEditor(say = () => {}) {
  const folder = path.join(
    cacheFolder(),
    `editor-${VERSION}-${process.platform}-${process.arch}-node${process.versions.modules}`,
  );
  const done = path.join(folder, 'complete');
  if (fs.existsSync(done)) return editorPaths(folder);

  say(
    `Installing an editor once: code-server ${VERSION} (VS Code 1.100) from npm into ${folder}, about 300 MB, half a minute.`,
  );
  fs.mkdirSync(cacheFolder(), { recursive: true });
  const building = fs.mkdtempSync(path.join(cacheFolder(), '.editor-'));
  const log = path.join(building, 'install.log');
  try {
    fs.writeFileSync(path.join(building, 'package.json'), '{ "private": true }\n');
    const { vscode } = editorPaths(building);
    const quiet = ['--no-fund', '--no-audit', '--loglevel=error'];
    say('  1/4 code-server');
    await npm(['install', '--ignore-scripts', ...quiet, `code-server@${VERSION}`], building, log);
    say('  2/4 its native part');
    await npm(['rebuild', 'argon2', ...quiet], building, log);
    say('  3/4 the VS Code server');
    await npm(['install', '--omit=dev', '--ignore-scripts', ...quiet], vscode, log);
    say('  4/4 its native parts');
    // node-pty ends with an error from its post-step although its module is built; what counts is checked below.
    await npm(['rebuild', '@vscode/spdlog', 'native-watchdog', 'node-pty', ...quiet], vscode, log).catch(
      () => {},
    );
    const needed = [
      'node_modules/@vscode/spdlog/build/Release/spdlog.node',
      'node_modules/node-pty/build/Release/pty.node',
    ];
    for (const file of needed) {
      if (!fs.existsSync(path.join(vscode, file))) {
        throw new Error(`${file} was not built; it needs a C++ compiler, make and python3`);
      }
    }
    fs.writeFileSync(path.join(building, 'complete'), `${new Date().toISOString()}\n`);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(building, folder);
    return editorPaths(folder);
  } catch (error) {
    if (fs.existsSync(done)) return editorPaths(folder);
    const kept = path.join(cacheFolder(), 'editor-install.log');
    if (fs.existsSync(log)) fs.copyFileSync(log, kept);
    throw new Error(`The editor could not be installed: ${error.message}. The log is ${kept}.`, {
      cause: error,
    });
  } finally {
    fs.rmSync(building, { recursive: true, force: true });
  }
}

function npm(args, cwd, log) {
  const windows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    execFile(
      windows ? 'npm.cmd' : 'npm',
      args,
      { cwd, shell: windows, maxBuffer: 64 << 20, env: cleanEnvironment() },
      (error, stdout, stderr) => {
        fs.appendFileSync(log, `$ npm ${args.join(' ')}\n${stdout}${stderr}\n`);
        if (error)
          reject(new Error(`npm ${args[0]} failed (${stderr.trim().split('\n').at(-1) ?? error.message})`));
        else resolve();
      },
    );
  });
}

/** Without what an outer `npm run` sets for its own package. */
export function cleanEnvironment(extra = {}) {
  const environment = { ...process.env, ...extra };
  for (const name of Object.keys(environment)) {
    if (/^npm_(package|lifecycle)_/.test(name) || name === 'npm_config_local_prefix')
      delete environment[name];
  }
  delete environment.NODE_OPTIONS;
  return environment;
}
