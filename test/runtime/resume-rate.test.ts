import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from '../../src/inspect/inspect';
import { resolveText } from '../../src/language';
import type { RunConfig } from '../../src/models/config';
import { RunReader } from '../../src/runs';
import { RunControl } from '../../src/runtime/process/control';
import { train } from '../../src/runtime/train';
import { rateChange } from '../../src/runtime/train/resume';

const text = (steps: number, schedule: string): string => `
data: {type: induction-heads, length: 8, vocab_size: 4}
model: {d_model: 4, layers: [{mixer: mamba, d_state: 2}]}
train: {steps: ${steps}, batch_size: 2, schedule: ${schedule}}
eval: {examples: 2}
device: cpu
`;
const cosine = '{name: cosine, warmup: 2}';

describe('the learning rate of a resumed run', function () {
  this.timeout(30_000);
  let folder: string;
  const configOf = async (steps: number, schedule: string): Promise<{ config: RunConfig; text: string }> => {
    const found = await resolveText(text(steps, schedule), join(folder, 'tiny.ssm.yaml'));
    return { config: found.config!, text: found.text! };
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rate-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('goes on as before where neither steps nor shape change it', async () => {
    const constant = '{name: constant, warmup: 2}';
    const [short, long] = [await configOf(6, constant), await configOf(12, constant)];
    assert.equal(rateChange(short.config, long.config, 6), undefined);
    const same = await configOf(12, cosine);
    assert.equal(rateChange(same.config, same.config, 6), undefined);
    // Within the warm-up the end does not matter yet.
    assert.equal(rateChange((await configOf(6, cosine)).config, same.config, 1), undefined);
  });

  it('is noted as an event with both rates where more steps make it jump', async () => {
    const run = async (steps: number, before?: RunConfig): Promise<RunConfig> => {
      const { config, text: configText } = await configOf(steps, cosine);
      await train({
        config,
        configText,
        configPath: join(folder, 'tiny.ssm.yaml'),
        baseDir: folder,
        bundledDir: folder,
        runDir: join(folder, 'run'),
        threads: 1,
        version: '0',
        control: new RunControl(),
        inspect,
        ...(before && { resume: before }),
      });
      return config;
    };
    const first = await run(4);
    await run(8, first);
    const reader = new RunReader(join(folder, 'run'));
    await reader.poll();
    const events = reader.events.filter(({ event }) => event === 'lr');
    assert.equal(events.length, 1);
    const { step, before, after, message } = events[0]!;
    assert.equal(step, 4);
    assert.ok((before as number) < (after as number));
    // The rate that is noted is the one of the next update.
    const lr = reader.tables.get('train')!.column('lr')!;
    assert.equal(after, lr[4]);
    assert.match(String(message), /^learning rate \S+ → \S+$/);
  });
});
