/** @file The config that *Fine-Tune…* writes is one that trains. */
import assert from 'node:assert/strict';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fineTuneText } from '../../src/extension/commands/fine-tune-text';
import { summarise } from '../../src/runtime/checkpoint';
import { run } from '../cli/cli';

const golden = resolve(__dirname, '../golden');

describe('the config that trains on from a checkpoint', () => {
  for (const name of ['hf-mamba-tiny', 'hf-mamba2-tiny', 'statespaces-mamba2-tiny']) {
    it(`has no errors for ${name}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tuned-'));
      try {
        const file = join(folder, 'tuned.ssm.yaml');
        await writeFile(file, fineTuneText(await summarise(join(golden, name))));
        const { code, stdout, stderr } = await run('check', file, '--format', 'json');
        assert.deepEqual(
          (JSON.parse(stdout) as { severity: string }[]).filter(({ severity }) => severity === 'error'),
          [],
        );
        assert.equal(code, 0, stderr);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }

  it('names the tokenizer of the checkpoint', async () => {
    const summary = await summarise(join(golden, 'hf-mamba-tiny'));
    const text = fineTuneText({ ...summary, tokenizer: { path: '/weights/tokenizer.json', tokens: 288 } });
    assert.match(text, /tokenizer: \/weights\/tokenizer\.json/);
    assert.doesNotMatch(text, /has no tokenizer/);
    const broken = fineTuneText({ ...summary, tokenizer: { path: '/weights/tokenizer.json', problem: 'x' } });
    assert.doesNotMatch(broken, /tokenizer: \//);
  });
});
