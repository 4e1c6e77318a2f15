/**
 * @file `npm test`: installs what is missing, builds, runs the unit, golden and real-editor suites, and ends with one
 * line `N passed, N failed, N skipped`. Exit code 0 only if nothing failed.
 *
 * A file of the real-editor suite that fails is run once more, in a fresh editor: what passes then counts as passed and
 * is named at the end (browsers and editors lose a click or a page now and then; what is broken fails twice).
 * Random cases are fixed by a seed; `SSM_TEST_SEED=random` draws others.
 * Options: `--only unit|golden|e2e` (may be given several times), `--grep TEXT`, `--no-build`. Files or folders below
 * test/ as arguments run only these; without the real-editor suite among them, from source.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode, ensureBuilt, ensurePackages, ensureSystem, root, run, seconds } from './steps.mjs';
import { ensureLlvmpipe, softwareGpu } from './software-gpu.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: ['unit', 'golden', 'e2e'] },
    grep: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  },
});
const wanted = new Set(options.only);
const chosen = positionals.map((given) => path.resolve(given));
const isChosen = (file) =>
  chosen.length === 0 || chosen.some((given) => file === given || file.startsWith(given + path.sep));
for (const given of chosen.filter((file) => !fs.existsSync(file))) {
  console.error(`There is no ${path.relative(root, given)}.`);
  process.exit(2);
}
const builds = !options['no-build'] && (chosen.length === 0 || wanted.has('e2e'));
const started = Date.now();

checkNode();
if (wanted.has('e2e') || wanted.has('golden')) ensureSystem();
if (wanted.has('unit') && chosen.length === 0) ensureLlvmpipe();
await ensurePackages();
if (builds) await ensureBuilt();

const tally = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'ssm-test-')), 'tally');
const built = builds ? { SSM_TEST_BUILT: '1' } : {};
const environment = { ...process.env, ...built, SSM_TEST_TALLY: tally };
const unsteady = [];
const totals = { passed: 0, failed: 0, skipped: 0 };

const gpu = softwareGpu('llvmpipe');
const otherGpu = softwareGpu('swiftshader');
const suites = [
  {
    name: 'unit',
    title: 'Unit tests',
    belongs: (file) => !/^(golden|e2e)\b/.test(file),
    args: ['--timeout', '60000'],
    env: gpu,
  },
  {
    name: 'golden',
    title: 'Golden cases',
    belongs: (file) => /^golden\b/.test(file),
    args: ['--timeout', '300000'],
    env: gpu,
  },
  // Two drivers that know nothing of each other compute the authors' numbers.
  gpu.VK_ICD_FILENAMES !== otherGpu.VK_ICD_FILENAMES && {
    name: 'golden',
    title: 'Golden cases on SwiftShader',
    belongs: (file) => file === path.join('golden', 'webgpu.test.ts'),
    args: [],
    env: otherGpu,
  },
  {
    name: 'e2e',
    title: 'Real editor',
    belongs: (file) => /^e2e\b/.test(file),
    args: ['--timeout', '180000', '--slow', '20000'],
    env: { ...gpu, SSM_TEST_VERBOSE: '1' },
  },
].filter(Boolean);

if (wanted.has('e2e')) {
  // The suite installs the packaged extension, as a user would.
  const code = await run(process.execPath, [path.join(root, 'scripts', 'package.mjs')], { shell: false });
  if (code !== 0) count('Packaging', { passed: 0, failed: 1, skipped: 0 });
}
for (const { name, title, belongs, args, env } of suites) {
  if (!wanted.has(name)) continue;
  const files = testFiles(belongs);
  if (files.length === 0) {
    if (chosen.length === 0) console.log(`${title}: no test files.`);
    continue;
  }
  console.log(`\n${title}: ${files.length} files`);
  const begun = Date.now();
  const tried = (some) => counted([...args, ...(options.grep ? ['--grep', options.grep] : []), ...some], env);
  const counts = await tried(files);
  const failing = files.filter((file) => (counts[file]?.failed ?? 0) > 0);
  if (name === 'e2e' && failing.length > 0) {
    console.log(`\n${title}, once more: ${failing.join(', ')}`);
    const again = await tried(failing);
    for (const file of failing) {
      if (again[file]?.failed === 0) unsteady.push(`${file} (${counts[file].failed} failed the first time)`);
      counts[file] = again[file] ?? counts[file];
    }
  }
  count(`${title} (${seconds(begun)})`, sum(counts));
}
console.log(`\nAll in ${seconds(started)}.`);
for (const file of unsteady) console.log(`Passed only when run again: ${file}.`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;

/** Test files that belong to a suite, which is told their paths below test/. */
function testFiles(belongs) {
  const tests = path.join(root, 'test');
  const visit = (folder) =>
    fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) return visit(full);
      const wanted = entry.name.endsWith('.test.ts') && belongs(path.relative(tests, full)) && isChosen(full);
      return wanted ? [path.relative(root, full)] : [];
    });
  return visit(tests);
}

function mocha(args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        ...['--import', 'tsx', path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js')],
        ...['--reporter', path.join(root, 'scripts', 'reporter.cjs'), '--forbid-only', '--exit'],
        ...['--require', path.join(root, 'scripts', 'fast-check.cjs')],
        ...args,
      ],
      { cwd: root, stdio: 'inherit', env: { ...environment, ...env } },
    );
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Runs test files; what the reporter counted in each. A suite that ended without counting failed as a whole. */
async function counted(args, env) {
  fs.rmSync(tally, { force: true });
  const code = await mocha(args, env);
  if (!fs.existsSync(tally)) return { '(the suite)': { passed: 0, failed: 1, skipped: 0 } };
  const counts = JSON.parse(fs.readFileSync(tally, 'utf8'));
  if (code !== 0 && sum(counts).failed === 0) counts['(the suite)'] = { passed: 0, failed: 1, skipped: 0 };
  return counts;
}

function sum(counts) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const each of Object.values(counts)) for (const key of Object.keys(total)) total[key] += each[key];
  return total;
}

function count(title, result) {
  for (const key of Object.keys(totals)) totals[key] += result[key];
  console.log(`${title}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
}
