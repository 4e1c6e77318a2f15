/** @file Probes of training: when they are taken, what they never do to a run. */
import * as assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFrames } from '../../src/extension/panels/replay';
import { frameTaker } from '../../src/inspect/frame';
import { buildModel } from '../../src/models';
import { Prober } from '../../src/runtime/train/prober';

describe('probes of training', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'prober-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const steps = async (
    every: number | undefined,
    count: number,
    look = async () => ({ tokens: [], surveys: [] }),
  ) => {
    const messages: string[] = [];
    const prober = new Prober({ dir, every, steps: count, look, onMessage: (text) => messages.push(text) });
    for (let step = 1; step <= count; step++) await prober.after(step, 1 / step);
    return messages;
  };
  const kept = (): number[] => readdirSync(join(dir, 'probes')).map((name) => Number(/\d+/.exec(name)![0]));

  it('are taken every so many steps, at the first and the last', async () => {
    await steps(4, 10);
    assert.deepEqual(kept(), [1, 5, 9, 10]);
    const first = JSON.parse(readFileSync(join(dir, 'probes', 'training-00000001.json'), 'utf8')) as object;
    assert.deepEqual(first, { step: 1, loss: 1, tokens: [], surveys: [] });
  });
  it('are not taken when switched off', async () => {
    await steps(0, 5);
    assert.deepEqual(readdirSync(dir), []);
  });
  it('take little time unless asked for: slow ones are left out between first and last', async () => {
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      return { tokens: [], surveys: [] };
    };
    await steps(undefined, 60, slow);
    assert.deepEqual(kept(), [1, 3, 60]);
  });
  it('never end a run: an error is told once and stops them', async () => {
    const messages = await steps(1, 5, async () => {
      throw new Error('out of memory');
    });
    assert.deepEqual(messages, ['No more probes of training: out of memory']);
  });

  it('are read back for the replay; a torn one leaves a gap', async () => {
    const model = buildModel({
      model: {
        d_model: 8,
        layers: [
          { mixer: 'mamba', d_state: 3 },
          { mixer: 'mlp', multiple_of: 4 },
          { mixer: 'attention', heads: 2 },
        ],
        norm: 'rms',
        norm_eps: 1e-5,
        tie_embeddings: true,
      },
      task: { type: 'language-model' },
      data: { length: 6, input: { kind: 'tokens', vocab_size: 7 }, target: { kind: 'next-token' } },
    });
    const frames = frameTaker({ model, ids: [1, 2, 3, 4, 5, 6], threads: 1 });
    const prober = new Prober({
      dir,
      every: 1,
      steps: 3,
      look: () => frames.take(model.initialise(1)),
      onMessage: assert.fail,
    });
    for (let step = 1; step <= 3; step++) await prober.after(step, 2);
    await frames.release();
    writeFileSync(join(dir, 'probes', 'training-00000002.json'), '{"step": 2, "tok');
    const { frames: list, tokens } = await readFrames(dir);
    assert.deepEqual(
      list.map(({ step }) => step),
      [1, 3],
    );
    assert.deepEqual(tokens, ['1', '2', '3', '4', '5', '6']);
    const [scan] = list[0]!.surveys;
    assert.deepEqual([scan!.mixer, scan!.kind], ['mamba', 'scan']);
    assert.deepEqual(scan!.probes['hidden_attention_mean']!.shape, [6, 6]);
    assert.deepEqual(scan!.probes['delta_mean']!.shape, [6]);
    assert.ok(scan!.probes['delta_mean']!.data.every((value) => value > 0));
  });
  it('of a folder without any are none', async () => {
    assert.deepEqual(await readFrames(dir), { frames: [], tokens: [] });
  });
});
