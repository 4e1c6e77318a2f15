import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { expandBraces, glob, matchSegment } from '../../src/data/text/glob';
import { processorTime } from '../util/processor-time';

describe('patterns for files', () => {
  const root = mkdtempSync(join(tmpdir(), 'ssm-glob-'));
  for (const path of ['a.txt', 'b.txt', 'c.md', 'sub/d.txt', 'sub/deep/e.txt', '.hidden/f.txt', '.g.txt']) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), 'x');
  }
  symlinkSync(root, join(root, 'sub', 'loop'));
  after(() => rmSync(root, { recursive: true }));

  const cases: [string, string[]][] = [
    ['*.txt', ['a.txt', 'b.txt']],
    ['./*.txt', ['a.txt', 'b.txt']],
    ['?.{txt,md}', ['a.txt', 'b.txt', 'c.md']],
    ['[!ab].*', ['c.md']],
    ['**/*.txt', ['a.txt', 'b.txt', 'sub/d.txt', 'sub/deep/e.txt']],
    ['**', ['a.txt', 'b.txt', 'c.md', 'sub/d.txt', 'sub/deep/e.txt']],
    ['sub/*/*.txt', ['sub/deep/e.txt', 'sub/loop/a.txt', 'sub/loop/b.txt']],
    ['sub/../a.txt', ['a.txt']],
    ['.*.txt', ['.g.txt']],
    ['*.csv', []],
    ['sub', []],
  ];
  for (const [pattern, expected] of cases) {
    it(`${pattern} finds ${expected.join(', ') || 'nothing'}`, async () => {
      const found = await glob(pattern, root);
      assert.deepEqual(
        found.map((path) => relative(root, path).replaceAll('\\', '/')),
        expected,
      );
    });
  }

  it('takes absolute patterns', async () => {
    assert.deepEqual(await glob(join(root, 'a.*'), tmpdir()), [join(root, 'a.txt')]);
  });

  it('matches within a name as shells do', () => {
    const matching: [string, string, boolean][] = [
      ['a*c', 'abbc', true],
      ['a*c', 'abcd', false],
      ['*a*b*', 'xxaxxbxx', true],
      ['[a-c]x', 'bx', true],
      ['[a-c]x', 'dx', false],
      ['[', '[', true],
      ['a?', 'aé', true],
      ['*', '.a', false],
      ['', '', true],
    ];
    for (const [pattern, name, expected] of matching) {
      assert.equal(matchSegment(pattern, name), expected, `${pattern} ${name}`);
    }
  });

  it('is not slow for any pattern', async () => {
    const took = await processorTime(500, () => matchSegment('*a'.repeat(60) + 'b', 'a'.repeat(2000)));
    assert.ok(took < 500, `${took} ms`);
  });

  it('expands braces, nested and several, and limits their number', () => {
    assert.deepEqual(expandBraces('x{a,b{c,d}}{1,2}'), ['xa1', 'xa2', 'xbc1', 'xbc2', 'xbd1', 'xbd2']);
    assert.deepEqual(expandBraces('x{a'), ['x{a']);
    assert.throws(() => expandBraces('{a,b}'.repeat(20)), /more than 1000/);
  });
});
