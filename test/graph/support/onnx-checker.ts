/** @file ONNX's own checker, where this machine has a Python with the package `onnx`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian's packages are those of the system's Python. */
const PYTHONS = ['/usr/bin/python3', 'python3'];

/** A Python that has all of the modules; undefined where there is none. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  return PYTHONS.find((python) => {
    try {
      execFileSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore', timeout: 60_000 });
      return true;
    } catch {
      return false;
    }
  });
}

/** Skips a test with a title that says what this machine lacks. */
export function skipWithout(context: Mocha.Context, what: string): never {
  context.test!.title += ` (skipped: no Python here with ${what})`;
  context.skip();
}

/** Prints one line per file that the checker refuses, its types and shapes inferred as well. */
const CHECK = `
import sys, onnx
for path in sys.stdin.read().split("\\n"):
    try:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    except Exception as error:
        print(path.rsplit("/", 1)[-1], str(error).replace("\\n", " ")[:300])
`;

/** What the checker says against models, one line each; empty when it accepts them all. */
export function checkerProblems(
  python: string,
  models: readonly (readonly [name: string, model: Uint8Array])[],
): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-check-'));
  try {
    const files = models.map(([name, model], i) => {
      const file = join(folder, `${i} ${name.replaceAll(/[^\w ,.-]/g, '_')}.onnx`);
      writeFileSync(file, model);
      return file;
    });
    const found = execFileSync(python, ['-c', CHECK], { input: files.join('\n'), encoding: 'utf8' });
    return found.split('\n').filter((line) => line !== '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
