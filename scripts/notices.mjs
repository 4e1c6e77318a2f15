/**
 * @file Writes THIRD_PARTY_NOTICES.md: every package whose code is in the bundles or beside them, with its licence.
 * Packages come from the lock file; which of them are bundled, from the bundles' source maps.
 */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './steps.mjs';

/** Copied beside the bundles rather than bundled. */
const beside = ['node_modules/onnxruntime-node', 'node_modules/onnxruntime-common'];

/** Folders of packages that the source maps of dist/ mention, as the lock file names them. */
export function bundledPackages() {
  const names = new Set();
  const visit = (folder) => {
    for (const entry of fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : []) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== 'node_modules') visit(full);
      else if (entry.name.endsWith('.map')) {
        for (const source of JSON.parse(fs.readFileSync(full, 'utf8')).sources) {
          // The whole way, since a package may hold another version of its own.
          const match = /(node_modules\/.*)?node_modules\/(?:@[^/]+\/)?[^/?]+/.exec(source);
          if (match) names.add(match[0]);
        }
      }
    }
  };
  visit(path.join(root, 'dist'));
  return names;
}

export function writeNotices() {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  const wanted = new Set([...bundledPackages(), ...beside]);
  const parts = [
    '# Third-party notices',
    '',
    'SSM Studio is made with the packages below; their code is part of what is installed. Written by `npm run notices`',
    'from the lock file and the bundles.',
  ];
  const missing = [];
  const name = (key) => key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length);
  for (const key of [...wanted].toSorted((a, b) => name(a).localeCompare(name(b)))) {
    const entry = lock[key];
    const folder = path.join(root, key);
    const licence =
      entry?.license ?? JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).license;
    if (licence === undefined) missing.push(key);
    const files = fs.readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    parts.push('', `## ${name(key)} ${entry?.version ?? ''}`.trimEnd(), '', `Licence: ${licence}`);
    for (const file of files) {
      parts.push(
        '',
        '```',
        fs.readFileSync(path.join(folder, file), 'utf8').trim().replaceAll('```', "'''"),
        '```',
      );
    }
  }
  if (missing.length > 0) throw new Error(`No licence known for ${missing.join(', ')}`);
  parts.push('', '## Data', '', ...dataNotices());
  fs.writeFileSync(path.join(root, 'THIRD_PARTY_NOTICES.md'), `${parts.join('\n')}\n`);
}

/** Data that ships, as its own notices say. */
function dataNotices() {
  const folder = path.join(root, 'media', 'data');
  const files = fs.existsSync(folder)
    ? fs.readdirSync(folder).filter((file) => /\.(md|txt)$/i.test(file))
    : [];
  const notices = files.filter((file) => /licen[cs]e|readme|notice|source/i.test(file)).toSorted();
  return notices.length === 0
    ? ['See media/data.']
    : notices.flatMap((file) => [fs.readFileSync(path.join(folder, file), 'utf8').trim(), '']);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeNotices();
  console.log('THIRD_PARTY_NOTICES.md written.');
}
