/**
 * @file `npm start`: installs what is missing, builds, and opens the extension on examples/: in the desktop editor
 * when `code` works, else in the embedded one. Built-in modules only.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder, ensureEditor } from './editor/install.mjs';
import { startEditorServer } from './editor/server.mjs';
import { checkNode, ensureBuilt, ensurePackages, root } from './steps.mjs';

const USAGE = `Usage: npm start -- [options]

  --folder DIR   open this folder (default: examples)
  --embedded     the editor in the browser, even where \`code\` is on the PATH
  --port N       port of the editor in the browser
  --no-browser   print the address only
  --no-build     take dist/ as it is
  --help         print this`;
const options = readOptions();
const folder = path.resolve(options.folder);

checkNode();
await ensurePackages();
if (!options['no-build']) await ensureBuilt();
if (options.embedded || !openDesktop()) await openEmbedded();

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        embedded: { type: 'boolean', default: false },
        folder: { type: 'string', default: path.join(root, 'examples') },
        port: { type: 'string' },
        'no-browser': { type: 'boolean', default: false },
        'no-build': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (!values.help) {
      if (!fs.statSync(values.folder, { throwIfNoEntry: false })?.isDirectory())
        throw new Error(`There is no folder ${values.folder}.`);
      if (values.port !== undefined && !/^\d{1,5}$/.test(values.port))
        throw new Error(`--port: expected a number, got ${values.port}.`);
      return values;
    }
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** Tries the desktop editor; false when there is none, or it does not take an extension under development. */
function openDesktop() {
  const code = spawnSync('code', ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' });
  if (code.status !== 0) return false;
  // As root the desktop editor wants its own data folder and no sandbox.
  const asRoot =
    process.getuid?.() === 0 ? ['--no-sandbox', '--user-data-dir', path.join(cacheFolder(), 'desktop')] : [];
  const { status, stdout, stderr } = spawnSync(
    'code',
    [...asRoot, '--new-window', `--extensionDevelopmentPath=${root}`, folder],
    { encoding: 'utf8', shell: process.platform === 'win32' },
  );
  const said = `${stdout}${stderr}`;
  if (
    status !== 0 ||
    /extensionDevelopmentPath.*not (in the list|supported)|unknown option|ignoring option/i.test(said)
  ) {
    console.log(
      '`code` is here but does not open an extension under development; using the embedded editor.',
    );
    return false;
  }
  console.log(
    `Opened ${folder} in VS Code ${code.stdout.split('\n')[0]} with SSM Studio from this checkout.`,
  );
  return true;
}

async function openEmbedded() {
  console.log('No usable `code` on the PATH, so the editor runs in the browser.');
  const editor = await ensureEditor((line) => console.log(line)).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
  const data = process.env.SSM_STUDIO_STATE ?? path.join(cacheFolder(), 'editor-data');
  const server = await startEditorServer(editor, {
    data,
    extensions: path.join(cacheFolder(), 'editor-extensions'),
    settings: {
      'workbench.startupEditor': 'none',
      'chat.disableAIFeatures': true,
      'telemetry.telemetryLevel': 'off',
      // Nothing is looked up on the network that nobody asked for.
      'extensions.autoCheckUpdates': false,
      'extensions.autoUpdate': false,
      'extensions.ignoreRecommendations': true,
      // The examples lie in a checkout; a newcomer is not asked about it first.
      'git.openRepositoryInParentFolders': 'never',
    },
    ...(options.port === undefined ? {} : { port: Number(options.port) }),
  }).catch((error) => {
    console.error(`The editor did not start: ${error.message}`);
    process.exit(1);
  });
  const address = server.address({ folder, extension: root });
  console.log(`\nSSM Studio is open on ${folder}:\n\n  ${address}\n`);
  console.log('The address holds a secret that lets only you in; do not pass it on.');
  console.log(
    `From another machine: ssh -L ${server.port}:127.0.0.1:${server.port} ${os.userInfo().username}@${os.hostname()}, then open it there.`,
  );
  console.log('The editor asks whether you trust the folder; training needs a yes.');
  console.log('Stop with Ctrl-C. Training that runs goes on in its own process.');
  if (!options['no-browser']) openBrowser(address);

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void server.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  await server.exited;
  if (!stopping) {
    console.error(`The editor's server ended by itself; its log is ${path.join(data, 'server.log')}.`);
    process.exit(1);
  }
}

/** Opens the address where there is a display; otherwise it was printed. */
function openBrowser(address) {
  const command =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '']
        : process.env.DISPLAY || process.env.WAYLAND_DISPLAY
          ? ['xdg-open']
          : undefined;
  if (command === undefined) return;
  const url = process.platform === 'win32' ? address.replaceAll('&', '^&') : address;
  const child = spawn(command[0], [...command.slice(1), url], { stdio: 'ignore', detached: true });
  child.once('error', () => {});
  child.unref();
}
