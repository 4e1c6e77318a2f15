/** @file The experiments of examples/: every config is right, and has a page with its figure and how to run it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveFile } from '../../src/language';

const folder = join(__dirname, '../../examples/experiments');
const names = readdirSync(folder).flatMap((name) => /^(.*)\.ssm\.yaml$/.exec(name)?.[1] ?? []);

describe('the experiments', () => {
  const overview = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const name of names) {
    it(`${name} can be run as it is and has a page`, async () => {
      const { diagnostics, sweep } = await resolveFile(join(folder, `${name}.ssm.yaml`));
      assert.deepEqual(
        // Too small a state is what one of them is about.
        diagnostics.filter(
          ({ severity, code }) =>
            severity !== 'information' && (severity === 'error' || code !== 'small-state'),
        ),
        [],
      );
      const page = readFileSync(join(folder, `${name}.md`), 'utf8');
      const command = sweep === undefined ? 'train' : 'sweep';
      assert.ok(page.includes(`ssm-studio ${command} examples/experiments/${name}.ssm.yaml`));
      for (const [, file] of page.matchAll(/\]\(([^):]+)\)/g))
        assert.ok(existsSync(join(folder, file!)), file);
      assert.match(page, /!\[[^\]]+\]\([^)]+\.svg\)/);
      assert.ok(overview.includes(`(${name}.md)`), 'is in the overview');
    });
  }
});
