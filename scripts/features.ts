/**
 * @file `npm run features`: writes FEATURES.md from what was run just now: every golden case of test/golden on every
 * device of this machine. `--check` says whether the file still names the same systems, options and cases.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { datasets } from '../src/data';
import { runGolden, type GoldenDevice, type GoldenReport } from '../src/golden';
import { mixers } from '../src/layers';
import { softwareGpu } from './software-gpu.mjs';

const ROOT = join(__dirname, '..');
const CASES = join(ROOT, 'test', 'golden');
const FILE = join(ROOT, 'FEATURES.md');
const DEVICES: readonly GoldenDevice[] = ['reference', 'cpu', 'webgpu'];

interface Row {
  readonly target: string;
  readonly cases: Map<string, Map<string, string>>;
}

function caseFolders(): string[] {
  return readdirSync(CASES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => {
      try {
        return readFileSync(join(CASES, name, 'case.json'), 'utf8').includes('"target"');
      } catch {
        return false;
      }
    })
    .toSorted();
}

const targetOf = (name: string): string =>
  (JSON.parse(readFileSync(join(CASES, name, 'case.json'), 'utf8')) as { target: string }).target;

const WORDS: Readonly<Record<string, string>> = {
  agrees: 'agrees',
  disagrees: '**disagrees**',
  'device-absent': 'not tried',
  'not-supported': 'not supported',
  malformed: 'malformed',
};

async function results(names: readonly string[]): Promise<Row[]> {
  const rows = new Map<string, Row>();
  for (const device of DEVICES) {
    for (const name of names) {
      const target = targetOf(name);
      const report: GoldenReport = await runGolden([join(CASES, name)], { device });
      const row = rows.get(target) ?? { target, cases: new Map<string, Map<string, string>>() };
      const cells = row.cases.get(name) ?? new Map<string, string>();
      const [found] = report.cases;
      const status = found?.status ?? 'device-absent';
      const fallbacks = found?.fallbacks.length ? ` (${found.fallbacks.length} nodes on the CPU)` : '';
      cells.set(device, `${WORDS[status] ?? status}${fallbacks}`);
      row.cases.set(name, cells);
      rows.set(target, row);
    }
  }
  return [...rows.values()].toSorted((a, b) => a.target.localeCompare(b.target));
}

const yes = (value: unknown): string => (value ? 'yes' : '–');

function mixerTable(): string[] {
  return [
    '| Mixer | Trains | Decodes token by token | Can be inspected | Paper |',
    '|---|---|---|---|---|',
    ...Object.values(mixers).map(
      ({ name, step, probes, paper, title }) =>
        `| \`${name}\` (${title}) | yes | ${yes(step)} | ${Object.keys(probes).length > 0 ? Object.keys(probes).join(', ') : '–'} | ${paper.authors}, ${paper.year} |`,
    ),
  ];
}

function render(rows: readonly Row[]): string {
  const lines = [
    '# Features',
    '',
    'Written by `npm run features` from a run of the golden cases in `test/golden`: numbers of the authors’ code',
    '(values, gradients, decode states, training trajectories), or where `case.json` says so of their formulas in',
    'float64, against ours on each device. WebGPU was run in software (Mesa’s llvmpipe, where every mixer is also',
    'trained in half precision; the tests run some cases of every target on SwiftShader too) unless said; *not',
    'tried* means that the machine had no such device.',
    '',
    '## Mixers',
    '',
    ...mixerTable(),
    '',
    '## Data sets',
    '',
    '| Name | What |',
    '|---|---|',
    ...Object.values(datasets).map(({ name, summary }) => `| \`${name}\` | ${summary} |`),
    '',
    '## Agreement with the authors',
    '',
    `| Target | Case | ${DEVICES.join(' | ')} |`,
    `|---|---|${DEVICES.map(() => '---').join('|')}|`,
  ];
  for (const { target, cases } of rows) {
    for (const [name, cells] of cases) {
      lines.push(`| \`${target}\` | ${name} | ${DEVICES.map((device) => cells.get(device)).join(' | ')} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** What the file must name whatever the machine: mixers, data sets and cases. */
function missing(text: string): string[] {
  return [...Object.keys(mixers), ...Object.keys(datasets), ...caseFolders()].filter(
    (name) => !text.includes(name),
  );
}

async function main(): Promise<void> {
  if (process.argv.includes('--check')) {
    const absent = missing(readFileSync(FILE, 'utf8'));
    if (absent.length === 0) return;
    console.error(`FEATURES.md does not name ${absent.join(', ')}: run npm run features.`);
    process.exitCode = 1;
    return;
  }
  Object.assign(process.env, softwareGpu('llvmpipe'));
  writeFileSync(FILE, render(await results(caseFolders())));
}

void main();
