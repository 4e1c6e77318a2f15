/**
 * @file Steps that `npm start`, `npm test` and `npm run package` share: install packages, install what the system
 * lacks, build. Built-in modules only, since `npm ci` may not have run.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const windows = process.platform === 'win32';

export const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** Runs a program to its end with our terminal; resolves with the exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', shell: windows, ...options });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

/** Stops with a sentence when this Node is too old to go on. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Node ${process.versions.node} is too old: SSM Studio is built with Node 20.19 or newer.`);
  process.exit(1);
}

/** `npm ci`, unless node_modules was installed from this very lock file. */
export async function ensurePackages() {
  const mark = path.join(root, 'node_modules', '.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  if (fs.existsSync(mark) && sameLock(lock, mark)) return;
  const started = Date.now();
  console.log(
    'Installing the npm packages of the lock file (npm ci), because node_modules is missing or older.',
  );
  const code = await run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
  if (code !== 0) {
    console.error('npm ci failed; the lines above say why.');
    process.exit(code);
  }
  console.log(`Packages installed in ${seconds(started)}.`);
}

/** Whether every package that is installed has the version that the lock file wants, and none is missing. */
function sameLock(lockFile, installedFile) {
  const wanted = JSON.parse(fs.readFileSync(lockFile, 'utf8')).packages;
  const installed = JSON.parse(fs.readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([name, entry]) => name === '' || entry.optional === true || installed[name]?.version === entry.version,
  );
}

/** Whether dist/ is newer than everything it is made of. */
function upToDate() {
  const built = ['extension.js', 'server.js', 'cli.js', 'media/curves.js', 'media/scan.js'].map((name) =>
    path.join(root, 'dist', name),
  );
  if (!built.every((file) => fs.existsSync(file))) return false;
  const oldest = Math.min(...built.map((file) => fs.statSync(file).mtimeMs));
  const newest = (folder) => {
    let latest = 0;
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const full = path.join(folder, entry.name);
      latest = Math.max(latest, entry.isDirectory() ? newest(full) : fs.statSync(full).mtimeMs);
    }
    return latest;
  };
  const sources = ['src', 'language-server', 'media'].map((name) => newest(path.join(root, name)));
  const files = ['webpack.config.js', 'package-lock.json'].map(
    (name) => fs.statSync(path.join(root, name)).mtimeMs,
  );
  return Math.max(...sources, ...files) < oldest;
}

/** Builds all bundles unless they are newer than their sources. */
export async function ensureBuilt({ force = false } = {}) {
  if (!force && upToDate()) return;
  const started = Date.now();
  console.log('Building the bundles (webpack).');
  const webpack = path.join(root, 'node_modules', 'webpack-cli', 'bin', 'cli.js');
  const code = await run(process.execPath, [webpack, '--mode', 'production'], { shell: false });
  if (code !== 0) {
    console.error('The build failed; the lines above say where.');
    process.exit(code);
  }
  console.log(`Built in ${seconds(started)}.`);
}

const onPath = (name) =>
  (process.env.PATH ?? '').split(path.delimiter).some((folder) => fs.existsSync(path.join(folder, name)));

/** Chromium that the real-editor tests drive, or undefined. */
export function findChromium() {
  const candidates = [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  return candidates.find((file) => file !== undefined && fs.existsSync(file));
}

const hasVulkan = () =>
  ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'].some((folder) =>
    fs.existsSync(path.join(folder, 'libvulkan.so.1')),
  );

/**
 * Installs what the tests need from the system, with apt-get as root on Debian and its kin; elsewhere it names what
 * is missing and goes on.
 */
export function ensureSystem() {
  if (process.platform !== 'linux') return;
  const missing = [];
  if (findChromium() === undefined)
    missing.push(['chromium', 'the browser in which the real-editor tests look']);
  if (!hasVulkan()) missing.push(['libvulkan1', 'the Vulkan loader that WebGPU needs']);
  if (!onPath('nvim')) missing.push(['neovim', 'another client that the language server is tried with']);
  if (missing.length === 0) return;
  for (const [name, why] of missing) console.log(`Missing: ${name}, ${why}.`);
  const names = missing.map(([name]) => name);
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    console.log(`Install it with your system's packages (Debian: apt-get install ${names.join(' ')}).`);
    return;
  }
  console.log(`Installing ${names.join(', ')} with apt-get.`);
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  spawnSync('apt-get', ['update', '-qq'], options);
  const { status } = spawnSync(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...names],
    options,
  );
  if (status !== 0)
    console.log(`apt-get could not install ${names.join(', ')}; tests that need them are skipped by name.`);
}
