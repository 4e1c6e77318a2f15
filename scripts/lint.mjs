/**
 * @file `npm run lint`: oxlint (type-aware), import directions, what nobody uses, formatting. All of them run, so that one
 * call tells everything; the exit code is 1 if any of them found something.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) =>
  path.join(root, 'node_modules', '.bin', name + (process.platform === 'win32' ? '.cmd' : ''));
const fix = process.argv.includes('--fix');
const code = ['src', 'language-server', 'media', 'test', 'scripts', 'bench'];

const steps = [
  ['lint', bin('oxlint'), ['--type-aware', ...(fix ? ['--fix'] : []), ...code]],
  ['imports', process.execPath, [path.join(root, 'scripts', 'check-imports.mjs')]],
  ['unused', bin('knip'), []],
  [
    'format',
    bin('prettier'),
    [
      fix ? '--write' : '--check',
      '--log-level',
      'warn',
      '--cache',
      '--cache-location',
      '.cache/prettier',
      '.',
    ],
  ],
];
let failed = 0;
for (const [name, command, args] of steps) {
  const started = Date.now();
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  console.log(
    `${name}: ${status === 0 ? 'clean' : 'see above'} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
  );
  if (status !== 0) failed++;
}
process.exitCode = failed > 0 ? 1 : 0;
