import assert from 'node:assert/strict';
import * as nodeFs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CheckpointError,
  CheckpointStore,
  listCheckpoints,
  loadCheckpoint,
  type CheckpointContent,
  type FileSystem,
} from '../../src/runtime/checkpoint';
import { float32Of } from '../../src/formats/safetensors';

const content = (step: number, loss?: number): CheckpointContent => ({
  model: [{ name: 'model.safetensors', parts: [Uint8Array.of(1, 2, 3), Uint8Array.of(step)] }],
  optimizer: [['exp_avg.w', { shape: [2], data: Float32Array.of(step, -0.5) }]],
  state: {
    step,
    cursor: step,
    generator: { seed: 7 },
    config_hash: 'c',
    data_hash: 'd',
    device: 'cpu',
    threads: 2,
    tokens: 10 * step,
    flops: 100 * step,
    seconds: step,
    skipped: 0,
    ...(loss === undefined ? {} : { evaluation: { loss } }),
    parameters: ['w'],
  },
});

/** A file system on which writing the file `name` fails with `code`. */
function failing(name: string, code: string): FileSystem {
  return {
    ...nodeFs,
    open: (async (path: string, flags?: string) => {
      const handle = await nodeFs.open(path, flags);
      if (path.endsWith(name)) {
        handle.writeFile = () => Promise.reject(Object.assign(new Error(code), { code }));
      }
      return handle;
    }) as FileSystem['open'],
  };
}

describe('checkpoints', () => {
  let folder: string;
  const steps = async (): Promise<number[]> => (await listCheckpoints(folder)).map(({ step }) => step);

  beforeEach(async () => {
    folder = await nodeFs.mkdtemp(join(tmpdir(), 'checkpoint-'));
  });
  afterEach(() => nodeFs.rm(folder, { recursive: true, force: true }));

  it('come back as they were written', async () => {
    const store = new CheckpointStore(folder, 3);
    assert.equal(await store.write(content(12, 0.25)), 'checkpoints/step-000012');
    const loaded = await loadCheckpoint(join(folder, 'checkpoints', 'step-000012'));
    assert.equal(loaded.state.step, 12);
    assert.deepEqual(loaded.state.evaluation, { loss: 0.25 });
    assert.deepEqual([...float32Of(loaded.optimizer.get('exp_avg.w')!)], [12, -0.5]);
  });

  it('keep the last ones and the best', async () => {
    const store = new CheckpointStore(folder, 2);
    for (const [step, loss] of [
      [1, 3],
      [2, 1],
      [3, 2],
      [4, 1.5],
      [5, 1.4],
    ] as const) {
      await store.write(content(step, loss));
    }
    assert.deepEqual(await steps(), [2, 4, 5]);
  });

  it('replace one of the same step', async () => {
    const store = new CheckpointStore(folder, 2);
    await store.write(content(3, 9));
    await store.write(content(3, 8));
    assert.equal((await store.latest(assert.fail))!.state.evaluation!.loss, 8);
    assert.deepEqual(await nodeFs.readdir(join(folder, 'checkpoints')), ['step-000003']);
  });

  it('fall back to the previous one when a file is damaged, and say so', async () => {
    const store = new CheckpointStore(folder, 3);
    for (const step of [1, 2, 3]) await store.write(content(step));
    const file = join(folder, 'checkpoints', 'step-000003', 'model.safetensors');
    const bytes = await nodeFs.readFile(file);
    bytes[1]! ^= 4;
    await nodeFs.writeFile(file, bytes);
    await nodeFs.truncate(join(folder, 'checkpoints', 'step-000002', 'state.json'), 40);
    const told: string[] = [];
    const latest = await store.latest((error) => told.push(error.message));
    assert.equal(latest!.state.step, 1);
    assert.match(told[0]!, /step-000003 is damaged: model\.safetensors does not have the content/);
    assert.match(told[1]!, /step-000002 is damaged: state\.json is not valid JSON/);
  });

  for (const [code, advice] of [
    ['ENOSPC', /disk is full\. Free some space, then continue with --resume/],
    ['EACCES', /no permission/],
    ['EROFS', /read-only/],
    ['EIO', /disk reports an error/],
  ] as const) {
    for (const name of ['model.safetensors', 'optimizer.safetensors', 'state.json']) {
      it(`leave the previous one whole when writing ${name} fails with ${code}`, async () => {
        await new CheckpointStore(folder, 3).write(content(1));
        await assert.rejects(
          new CheckpointStore(folder, 3, failing(name, code)).write(content(2)),
          (error) => {
            assert.ok(error instanceof CheckpointError);
            assert.match(error.message, advice);
            return true;
          },
        );
        assert.deepEqual(await nodeFs.readdir(join(folder, 'checkpoints')), ['step-000001']);
        assert.equal((await new CheckpointStore(folder, 3).latest(assert.fail))!.state.step, 1);
      });
    }
  }

  const renaming = (fails: (from: string, to: string) => boolean, code = 'EIO'): FileSystem => ({
    ...nodeFs,
    rename: async (from, to) => {
      if (fails(String(from), String(to))) throw Object.assign(new Error(code), { code });
      return nodeFs.rename(from, to);
    },
  });

  it('are back under their name when the one that replaces them cannot be put there', async () => {
    await new CheckpointStore(folder, 2).write(content(3, 9));
    let moved = false;
    const fs = renaming((from, to) => {
      if (from.endsWith('step-000003')) moved = true;
      return moved && from.endsWith('.tmp') && to.endsWith('step-000003');
    });
    await assert.rejects(new CheckpointStore(folder, 2, fs).write(content(3, 8)), /disk reports an error/);
    assert.ok(moved);
    assert.deepEqual(await nodeFs.readdir(join(folder, 'checkpoints')), ['step-000003']);
    assert.equal((await loadCheckpoint(join(folder, 'checkpoints/step-000003'))).state.evaluation!.loss, 9);
  });

  it('are written although an old one cannot be removed, of which no half stays under its name', async () => {
    const store = new CheckpointStore(
      folder,
      1,
      renaming((from) => from.endsWith('step-000001'), 'EACCES'),
    );
    for (const step of [1, 2]) await store.write(content(step, step));
    assert.deepEqual(await steps(), [1, 2]);
    const half: FileSystem = {
      ...nodeFs,
      rm: async (path, options) => {
        if (!String(path).includes('step-000002')) return nodeFs.rm(path, options);
        await nodeFs.rm(join(String(path), 'model.safetensors'));
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      },
    };
    await new CheckpointStore(folder, 1, half).write(content(3, 3));
    assert.deepEqual(await steps(), [1, 3], 'the best and the last');
  });

  it('forget what a killed process left half-written', async () => {
    const store = new CheckpointStore(folder, 3);
    await store.write(content(1));
    const parent = join(folder, 'checkpoints');
    await nodeFs.mkdir(join(parent, '.step-000002.4711.tmp'));
    await nodeFs.rename(join(parent, 'step-000001'), join(parent, '.step-000001.4711.old'));
    assert.equal((await store.latest(assert.fail))!.state.step, 1);
    assert.deepEqual(await nodeFs.readdir(parent), ['step-000001']);
  });
});
