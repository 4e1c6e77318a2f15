/**
 * @file Checks that imports go only in the directions of the architecture: each part lists what it may see, and
 * every relative import is resolved and compared. `vscode` is imported by src/extension alone.
 * Usage: `node scripts/check-imports.mjs`; exit code 1 with one line per offence. `--table` prints who may import what.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const everything = '*';

/** Part → parts that it may import, as CONTRIBUTING.md has them (a test compares). A part may always import itself. */
const allowed = {
  util: [],
  protocol: [],
  config: [],
  formats: ['util'],
  tokenizers: ['formats', 'util'],
  graph: ['util'],
  layers: ['graph', 'util'],
  optimizer: ['graph', 'util'],
  models: ['layers', 'optimizer', 'graph', 'util'],
  data: ['formats', 'tokenizers', 'util'],
  language: ['config', 'layers', 'optimizer', 'models', 'data', 'util'],
  runs: ['config', 'protocol', 'util'],
  runtime: [
    ...['models', 'layers', 'optimizer', 'graph', 'data', 'runs'],
    ...['protocol', 'formats', 'tokenizers', 'util'],
  ],
  golden: ['models', 'layers', 'graph', 'runtime', 'analysis', 'formats', 'tokenizers', 'util'],
  analysis: ['util'],
  inspect: ['analysis', 'models', 'layers', 'graph', 'runtime', 'util'],
  figures: ['analysis', 'protocol', 'util'],
  media: ['figures', 'analysis', 'protocol', 'util'],
  'language-server': ['language', 'config', 'runs'],
  extension: everything,
  cli: everything,
};
if (process.argv.includes('--table')) {
  console.log(JSON.stringify(allowed));
  process.exit();
}

/** The part a file belongs to: the folder under src, or the top folder. */
function partOf(file) {
  const [top, second] = path.relative(root, file).split(path.sep);
  return top === 'src' ? second : top;
}

function* sources(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(full);
    else if (/\.(ts|tsx)$/.test(entry.name)) yield full;
  }
}

const importPattern =
  /^\s*(?:import|export)\s+[^'";]*?from\s+'([^']+)'|(?:\bimport|\brequire)\(\s*'([^']+)'\s*\)/gm;
const offences = [];
let files = 0;
for (const folder of ['src', 'language-server', 'media']) {
  const base = path.join(root, folder);
  if (!fs.existsSync(base)) continue;
  for (const file of sources(base)) {
    files++;
    const part = partOf(file);
    const may = allowed[part];
    const text = fs.readFileSync(file, 'utf8');
    if (may === undefined) {
      offences.push(`${path.relative(root, file)}: '${part}' is no part of the architecture`);
      continue;
    }
    for (const match of text.matchAll(importPattern)) {
      const specifier = match[1] ?? match[2];
      const line = text.slice(0, match.index).split('\n').length;
      const where = `${path.relative(root, file)}:${line}`;
      if (specifier === 'vscode' && part !== 'extension') {
        offences.push(`${where}: only src/extension imports 'vscode'`);
      }
      if (!specifier.startsWith('.')) continue;
      const target = partOf(path.resolve(path.dirname(file), specifier));
      if (target === part || target === 'package.json') continue;
      if (part === 'cli' && target === 'extension') {
        offences.push(`${where}: the command line runs without an editor; it must not import src/extension`);
      } else if (may !== everything && !may.includes(target)) {
        offences.push(
          `${where}: '${part}' may not import '${target}' (allowed: ${may.join(', ') || 'nothing of ours'})`,
        );
      }
    }
  }
}
for (const offence of offences) console.error(offence);
console.log(`import directions: ${files} files, ${offences.length} offences`);
process.exitCode = offences.length > 0 ? 1 : 0;
