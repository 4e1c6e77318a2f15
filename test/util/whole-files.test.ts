/** @file Outputs are whole under their names or not there, whatever call fails. */
import assert from 'node:assert/strict';
import * as nodeFs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  writeFileWhole,
  writeNewFile,
  writeWhole,
  type FileSystem,
  type NewFile,
} from '../../src/util/whole-files';

const CODES = [
  ['ENOSPC', /disk is full\. Free some space/],
  ['EACCES', /no permission to write there/],
  ['EROFS', /read-only\. Use another folder/],
  ['EIO', /disk reports an error/],
] as const;

const files = (word: string): NewFile[] => ['a.txt', 'b.txt'].map((name) => ({ name, parts: [word, '\n'] }));
/** What fails, and at the how-manieth time. */
const CALLS = ['mkdir', 'open', 'write', 'sync', 'rename'] as const;

function failing(call: (typeof CALLS)[number], nth: number, code: string): FileSystem {
  let count = 0;
  const maybe = (name: string): void => {
    if (name === call && ++count === nth) throw Object.assign(new Error(code), { code });
  };
  return {
    ...nodeFs,
    mkdir: (async (...given: Parameters<typeof nodeFs.mkdir>) => {
      maybe('mkdir');
      return nodeFs.mkdir(...given);
    }) as FileSystem['mkdir'],
    rename: async (...given) => {
      maybe('rename');
      return nodeFs.rename(...given);
    },
    open: async (path, flags) => {
      if (flags !== 'r') maybe('open');
      const handle = await nodeFs.open(path, flags);
      const [write, sync] = [handle.writeFile.bind(handle), handle.sync.bind(handle)];
      handle.writeFile = async (...given: Parameters<typeof write>) => {
        maybe('write');
        return write(...given);
      };
      handle.sync = async () => {
        maybe('sync');
        return sync();
      };
      return handle;
    },
  };
}

describe('whole files', () => {
  let folder: string;
  beforeEach(async () => (folder = await nodeFs.mkdtemp(join(tmpdir(), 'whole-'))));
  afterEach(() => nodeFs.rm(folder, { recursive: true }));
  const read = (...path: string[]): Promise<string> => nodeFs.readFile(join(folder, ...path), 'utf8');

  it('appear with their folder, and replace those of their names in one that is there', async () => {
    await writeWhole(join(folder, 'x/out'), files('old'));
    await nodeFs.writeFile(join(folder, 'x/out/mine.txt'), 'mine');
    await writeWhole(join(folder, 'x/out'), files('new'));
    assert.deepEqual(await nodeFs.readdir(join(folder, 'x')), ['out']);
    assert.deepEqual((await nodeFs.readdir(join(folder, 'x/out'))).toSorted(), [
      'a.txt',
      'b.txt',
      'mine.txt',
    ]);
    assert.equal(await read('x/out/b.txt'), 'new\n');
  });

  for (const [code, message] of CODES) {
    for (const call of CALLS) {
      for (const nth of call === 'write' ? [1, 4] : [1, 2]) {
        if (call === 'rename' && nth === 2) continue;
        it(`a new folder is not there when ${call} ${nth} fails with ${code}`, async () => {
          await assert.rejects(
            writeWhole(join(folder, 'out'), files('new'), failing(call, nth, code)),
            message,
          );
          assert.deepEqual(await nodeFs.readdir(folder), []);
        });
      }
    }
    for (const call of ['open', 'write', 'sync', 'rename'] as const) {
      it(`old files stay when ${call} fails with ${code}`, async () => {
        await writeWhole(join(folder, 'out'), files('old'));
        await assert.rejects(writeWhole(join(folder, 'out'), files('new'), failing(call, 1, code)), message);
        assert.deepEqual(await nodeFs.readdir(join(folder, 'out')), ['a.txt', 'b.txt']);
        assert.equal((await read('out/a.txt')) + (await read('out/b.txt')), 'old\nold\n');
      });
    }
  }

  it('take away what dead processes left, and nothing of live ones', async () => {
    const out = join(folder, 'out');
    await writeWhole(out, files('old'));
    // No process can have the first number.
    const left = ['.a.txt.2147483646.tmp', `.b.txt.${process.ppid}.tmp`, '.c.txt.2147483646.tmp'];
    for (const name of left) await nodeFs.writeFile(join(out, name), 'half');
    await writeWhole(out, files('new'));
    assert.deepEqual((await nodeFs.readdir(out)).toSorted(), [...left.slice(1), 'a.txt', 'b.txt'].toSorted());
  });

  describe('where there must be none', () => {
    /** What another process writes while the file is written beside, on file systems with links and without. */
    const meanwhile = (path: string | undefined, links: boolean): FileSystem => ({
      ...nodeFs,
      link: async (from, to) => {
        if (path !== undefined) await nodeFs.writeFile(path, 'theirs');
        if (!links) throw Object.assign(new Error('no links'), { code: 'EPERM' });
        await nodeFs.link(from, to);
      },
    });

    for (const links of [true, false]) {
      const system = links ? 'a file system with links' : 'one without';
      it(`appear whole on ${system}, and leave nothing beside`, async () => {
        const path = join(folder, 'deep/a.json');
        assert.equal(await writeNewFile(path, ['1', '2'], meanwhile(undefined, links)), true);
        assert.equal(await read('deep/a.json'), '12');
        assert.deepEqual(await nodeFs.readdir(join(folder, 'deep')), ['a.json']);
      });

      it(`take no name that another took meanwhile on ${system}`, async () => {
        const path = join(folder, 'a.json');
        assert.equal(await writeNewFile(path, ['ours'], meanwhile(path, links)), false);
        assert.equal(await read('a.json'), 'theirs');
        assert.deepEqual(await nodeFs.readdir(folder), ['a.json']);
      });
    }

    it('say what to do when they cannot be written', async () => {
      const path = join(folder, 'a.json');
      await assert.rejects(writeNewFile(path, ['x'], failing('write', 1, 'ENOSPC')), /disk is full/);
      assert.deepEqual(await nodeFs.readdir(folder), []);
    });
  });

  it('one alone: through a link, into a new folder, and not in the place of a device', async function () {
    if (process.platform === 'win32') this.skip();
    await writeFileWhole(join(folder, 'deep/down/a.csv'), ['1', '2']);
    assert.equal(await read('deep/down/a.csv'), '12');
    await nodeFs.symlink(join(folder, 'deep/down/a.csv'), join(folder, 'link.csv'));
    await writeFileWhole(join(folder, 'link.csv'), ['3']);
    assert.equal(await read('deep/down/a.csv'), '3');
    assert.ok((await nodeFs.lstat(join(folder, 'link.csv'))).isSymbolicLink());
    await writeFileWhole('/dev/null', ['4']);
    assert.ok((await nodeFs.stat('/dev/null')).isCharacterDevice());
  });
});
