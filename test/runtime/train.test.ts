import assert from 'node:assert/strict';
import * as nodeFs from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import * as promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from '../../src/inspect/inspect';
import { resolveText } from '../../src/language';
import type { SyncFileSystem } from '../../src/runs';
import type { FileSystem } from '../../src/runtime/checkpoint';
import { RunControl } from '../../src/runtime/process/control';
import { train, type TrainRequest } from '../../src/runtime/train';

const CONFIG = `
data: {type: induction-heads, length: 8, vocab_size: 4}
model: {d_model: 4, layers: [{mixer: mamba, d_state: 2}]}
train: {steps: 12, batch_size: 2, checkpoint_every: 4}
eval: {examples: 2}
device: cpu
`;

const full = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

describe('a run on a disk that fills up', function () {
  this.timeout(30_000);
  let folder: string;
  const request = async (changes: Partial<TrainRequest>): Promise<TrainRequest> => {
    const { config, text } = await resolveText(CONFIG, join(folder, 'tiny.ssm.yaml'));
    return {
      config: config!,
      configText: text!,
      configPath: join(folder, 'tiny.ssm.yaml'),
      baseDir: folder,
      bundledDir: folder,
      runDir: join(folder, 'run'),
      threads: 1,
      version: '0',
      control: new RunControl(),
      inspect,
      ...changes,
    };
  };
  const status = async (): Promise<string> =>
    (JSON.parse(await readFile(join(folder, 'run/run.json'), 'utf8')) as { status: string }).status;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'disk-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keeps the checkpoint before the one that does not fit, and can go on when there is space', async () => {
    const checkpoints: FileSystem = {
      ...promises,
      open: (async (path: string, flags?: string) => {
        if (path.includes('step-000008')) throw full();
        return open(path, flags);
      }) as FileSystem['open'],
    };
    await assert.rejects(
      train(await request({ disk: { checkpoints } })),
      /Cannot write .*step-000008: the disk is full/,
    );
    assert.equal(await status(), 'failed');
    assert.deepEqual(await readdir(join(folder, 'run/checkpoints')), ['step-000004']);
    const again = await request({});
    assert.deepEqual((await train({ ...again, resume: again.config })).status, 'finished');
    assert.equal(await status(), 'finished');
  });

  it('ends with the reason when not even a row can be written', async () => {
    let rows = 0;
    const run: SyncFileSystem = {
      ...nodeFs,
      writeSync: ((descriptor: number, buffer: Uint8Array, ...rest: never[]) => {
        if (Buffer.from(buffer).includes('"grad_norm"') && ++rows > 5) throw full();
        return nodeFs.writeSync(descriptor, buffer, ...rest);
      }) as SyncFileSystem['writeSync'],
    };
    await assert.rejects(
      train(await request({ disk: { run } })),
      /Cannot write .*metrics\.jsonl: the disk is full/,
    );
    const lines = (await readFile(join(folder, 'run/metrics.jsonl'), 'utf8')).trim().split('\n');
    for (const line of lines) JSON.parse(line);
    const again = await request({});
    assert.deepEqual((await train({ ...again, resume: again.config })).status, 'finished');
  });
});
