import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as g from '../../src/graph';
import { compileCached, type GraphCache } from '../../src/runtime/ort';
import { tinyModel } from './support/engines';

const program = (d_state = 4) => tinyModel([{ mixer: 'mamba', d_state }], 8, 16).trainingStep(2, 8);

describe('compiled graphs on disk', () => {
  let cache: GraphCache;
  const files = async (): Promise<string[]> => (await readdir(cache.folder)).toSorted();
  beforeEach(async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'graphs-')), 'graphs');
    cache = { folder, build: 'a', limit: 1e9, smallest: 1 };
  });
  afterEach(() => rm(join(cache.folder, '..'), { recursive: true }));

  it('are what compiling gives, and found again by content', async () => {
    const expected = g.compile(program(), { target: 'cpu' });
    assert.deepEqual(await compileCached(program(), 'cpu', cache), expected);
    const [file] = (await files()) as [string];
    const before = await readFile(join(cache.folder, file));
    assert.deepEqual(await compileCached(program(), 'cpu', cache), expected);
    assert.deepEqual(await files(), [file]);
    assert.deepEqual(await readFile(join(cache.folder, file)), before);
  });

  it('are told apart by model, device and program, and by the values of constants', async () => {
    const constant = (last: number) => ({
      y: g.mul(
        g.input('x', [100]),
        g.constant(
          Float32Array.from({ length: 100 }, (_, i) => (i < 99 ? i : last)),
          [100],
        ),
      ),
    });
    await compileCached(program(), 'cpu', cache);
    await compileCached(program(2), 'cpu', cache);
    await compileCached(program(), 'webgpu', cache);
    await compileCached(program(), 'cpu', { ...cache, build: 'b' });
    await compileCached(constant(1), 'cpu', cache);
    await compileCached(constant(2), 'cpu', cache);
    assert.equal((await files()).length, 6);
  });

  it('are ignored when damaged, and written again', async () => {
    const expected = await compileCached(program(), 'cpu', cache);
    const file = join(cache.folder, (await files())[0]!);
    const whole = await readFile(file);
    for (const damage of [
      () => truncate(file, 100),
      () => truncate(file, 0),
      () =>
        writeFile(
          file,
          whole.map((byte, i) => (i === whole.length - 5 ? byte ^ 1 : byte)),
        ),
    ]) {
      await damage();
      assert.deepEqual(await compileCached(program(), 'cpu', cache), expected);
      assert.deepEqual(await readFile(file), whole);
    }
  });

  it('may be written by several at once', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => compileCached(program(), 'cpu', cache)));
    for (const one of all) assert.deepEqual(one, all[0]);
    assert.equal((await files()).length, 1);
  });

  it('are not written where a graph holds graphs of its own, as a loop does', async () => {
    const x = g.input('x', [5, 2]);
    const { emits } = g.scan({
      states: [g.zeros([2])],
      sequences: [x],
      body: ([sum], [now]) => ({ states: [g.add(sum!, now!)], emits: [sum!] }),
    });
    const loop = { y: emits[0]! };
    const expected = g.compile(loop, { target: 'cpu' });
    assert.deepEqual(await compileCached(loop, 'cpu', cache), expected);
    await assert.rejects(files);
  });

  it('keep to a limit, the latest used first', async () => {
    await compileCached(program(2), 'cpu', cache);
    const [old] = (await files()) as [string];
    await utimes(join(cache.folder, old), 1, 1);
    await compileCached(program(), 'cpu', {
      ...cache,
      limit: 1.5 * (await readFile(join(cache.folder, old))).length,
    });
    const left = await files();
    assert.equal(left.length, 1);
    assert.notEqual(left[0], old);
  });
});
