/** @file The check of import directions sees what it must see. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const script = path.resolve(__dirname, '../../scripts/check-imports.mjs');

/** Runs the check on a tree of these files. */
function check(files: Record<string, string>): { status: number | null; output: string } {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'ssm-imports-'));
  try {
    for (const [name, text] of Object.entries({
      ...files,
      'scripts/check-imports.mjs': fs.readFileSync(script, 'utf8'),
    })) {
      fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      fs.writeFileSync(path.join(root, name), text);
    }
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(root, 'scripts/check-imports.mjs')],
      {
        encoding: 'utf8',
      },
    );
    return { status, output: stdout + stderr };
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

describe('import directions', () => {
  it('lets the allowed ones pass', () => {
    const { status, output } = check({
      'src/layers/mamba.ts': "import { matmul } from '../graph';\nimport * as z from 'zod';\n",
      'src/graph/index.ts': 'export const matmul = 1;\n',
      'src/extension/main.ts': "import * as vscode from 'vscode';\n",
    });
    assert.equal(status, 0, output);
  });

  it('reports an import against the direction, with file and line', () => {
    const { status, output } = check({
      'src/graph/index.ts': "import fs from 'node:fs';\nimport { mamba } from '../layers/mamba';\n",
      'src/layers/mamba.ts': '',
    });
    assert.equal(status, 1);
    assert.match(output, /src\/graph\/index\.ts:2: 'graph' may not import 'layers'/);
  });

  it("reports 'vscode' outside the extension, also when imported late", () => {
    const { status, output } = check({ 'src/runs/a.ts': "const load = () => import('vscode');\n" });
    assert.equal(status, 1);
    assert.match(output, /only src\/extension imports 'vscode'/);
  });

  it('are those of the map in CONTRIBUTING.md', () => {
    const { stdout } = spawnSync(process.execPath, [script, '--table'], { encoding: 'utf8' });
    const allowed = JSON.parse(stdout) as Record<string, string | string[]>;
    const map = fs.readFileSync(path.resolve(__dirname, '../../CONTRIBUTING.md'), 'utf8');
    const rows = [...map.matchAll(/^\| `(?:src\/)?([\w-]+)` \| [^|]+ \| ([^|]+) \|$/gm)];
    const told = rows.map(([, part, may]) => [
      part!,
      may!.startsWith('everything')
        ? '*'
        : [...may!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!).toSorted(),
    ]);
    const checked = Object.entries(allowed).map(([part, may]) => [
      part,
      typeof may === 'string' ? may : may.toSorted(),
    ]);
    assert.deepEqual(Object.fromEntries(told), Object.fromEntries(checked));
  });

  it('keeps the command line free of the extension', () => {
    const { status } = check({
      'src/cli/a.ts': "import { x } from '../extension/format';\n",
      'src/extension/format.ts': '',
    });
    assert.equal(status, 1);
  });
});
