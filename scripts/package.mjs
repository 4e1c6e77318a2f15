/**
 * @file `npm run package`: builds and packs `ssm-studio-<platform>.vsix` for this platform: bundles, media, grammar,
 * examples, licences and this platform's onnxruntime. What went in is checked before the file counts.
 *
 * Options: `--target linux-x64` (default: this machine), `--out FILE`, `--no-build`.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode, ensureBuilt, ensurePackages, root, run, seconds } from './steps.mjs';

const here = `${process.platform}-${process.arch}`;
const { values: options } = parseArgs({
  options: {
    target: { type: 'string', default: here },
    out: { type: 'string' },
    'no-build': { type: 'boolean' },
  },
});
const LIMIT_MB = 25;

checkNode();
await ensurePackages();
if (!options['no-build']) await ensureBuilt();
const started = Date.now();
await import('./notices.mjs').then(({ writeNotices }) => writeNotices());
copyRuntime(options.target);

const out = path.resolve(options.out ?? path.join(root, `ssm-studio-${options.target}.vsix`));
const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
const code = await run(
  process.execPath,
  [
    vsce,
    'package',
    '--no-dependencies',
    ...['--target', options.target, '--out', out],
    ...['--allow-missing-repository', '--skip-license', '--no-rewrite-relative-links'],
  ],
  { shell: false, stdio: ['ignore', 'ignore', 'inherit'] },
);
if (code !== 0) process.exit(code);

const problems = inspectPackage(out);
const megabytes = fs.statSync(out).size / 1e6;
if (megabytes > LIMIT_MB) problems.push(`${megabytes.toFixed(1)} MB is more than ${LIMIT_MB} MB`);
for (const problem of problems) console.error(`package: ${problem}`);
if (problems.length > 0) {
  fs.rmSync(out);
  process.exit(1);
}
console.log(
  `${path.relative(process.cwd(), out) || out}: ${megabytes.toFixed(1)} MB, packed in ${seconds(started)}.`,
);

/** Puts onnxruntime for one platform under dist/node_modules, where the bundles' `require` finds it. */
function copyRuntime(target) {
  const [platform, arch] = target.split('-');
  const modules = path.join(root, 'dist', 'node_modules');
  fs.rmSync(modules, { recursive: true, force: true });
  const source = path.join(root, 'node_modules', 'onnxruntime-node');
  const binaries = path.join('bin', 'napi-v6', platform, arch);
  if (!fs.existsSync(path.join(source, binaries))) {
    console.error(`onnxruntime-node has no binaries for ${target}.`);
    process.exit(1);
  }
  const copy = (name, part, filter = () => true) =>
    fs.cpSync(path.join(root, 'node_modules', name, part), path.join(modules, name, part), {
      recursive: true,
      dereference: true,
      filter,
    });
  const scripts = (file) => fs.statSync(file).isDirectory() || file.endsWith('.js');
  copy('onnxruntime-node', 'package.json');
  copy('onnxruntime-node', 'dist', scripts);
  copy('onnxruntime-node', binaries, (file) => !/providers_(cuda|tensorrt)/.test(file));
  copy('onnxruntime-common', 'package.json');
  copy(
    'onnxruntime-common',
    path.join('dist', 'cjs'),
    (file) => scripts(file) || file.endsWith('package.json'),
  );
}

/** What must not be in the package, from the names in its directory (a VSIX is a zip). */
function inspectPackage(file) {
  const names = zipNames(fs.readFileSync(file)).map((name) => name.replace(/^extension\//, ''));
  const found = [];
  const required = [
    'dist/extension.js',
    'dist/server.js',
    'dist/cli.js',
    'dist/media/curves.js',
    'dist/media/curves-worker.js',
    'dist/media/scan.js',
    'LICENSE',
    'THIRD_PARTY_NOTICES.md',
    'media/icons/ssm-studio.png',
    'examples/induction-heads.ssm.yaml',
    'language-configuration.json',
  ];
  const lower = new Set(names.map((name) => name.toLowerCase().replace(/\.(txt|md)$/, '')));
  for (const name of required) {
    if (!lower.has(name.toLowerCase().replace(/\.(txt|md)$/, ''))) found.push(`${name} is missing`);
  }
  for (const name of names) {
    if (/\.(ts|tsx|map)$/.test(name)) found.push(`${name} does not belong into the package`);
    if (
      /(^|\/)(src|test|runs|\.cache|test-artifacts)\//.test(name) &&
      !name.startsWith('dist/node_modules/')
    ) {
      found.push(`${name} does not belong into the package`);
    }
  }
  for (const folder of ['dist', path.join('dist', 'chunks'), path.join('dist', 'media')]) {
    const full = path.join(root, folder);
    for (const name of fs.existsSync(full) ? fs.readdirSync(full) : []) {
      if (/\.(js|css|map)$/.test(name) && fs.readFileSync(path.join(full, name), 'utf8').includes(root)) {
        found.push(`${folder}/${name} holds a path of this machine`);
      }
    }
  }
  return found;
}

/** Names in the central directory of a zip file. */
function zipNames(bytes) {
  const names = [];
  let end = bytes.length - 22;
  while (bytes.readUInt32LE(end) !== 0x06054b50) end--;
  let offset = bytes.readUInt32LE(end + 16);
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count--) {
    const length = bytes.readUInt16LE(offset + 28);
    names.push(bytes.toString('utf8', offset + 46, offset + 46 + length));
    offset += 46 + length + bytes.readUInt16LE(offset + 30) + bytes.readUInt16LE(offset + 32);
  }
  return names;
}
