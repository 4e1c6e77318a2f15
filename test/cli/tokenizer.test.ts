import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveFile } from '../../src/language';
import { listCheckpoints } from '../../src/runtime/checkpoint';
import { openTokenizer, trainBpe } from '../../src/tokenizers';
import { run } from './cli';

describe('a run on the tokens of a tokenizer.json', function () {
  this.timeout(60_000);
  let folder: string;
  let config: string;
  const text = 'the state space model selects what the state keeps. '.repeat(80);
  const tokenizer = JSON.stringify(trainBpe([text], { vocabSize: 290 }).file);
  const written = (data: string): string =>
    `data: {type: text, files: [words.txt], tokenizer: tok.json, context: 8${data}}\n` +
    'model: {d_model: 8, layers: [{mixer: mamba, d_state: 4}]}\n' +
    'train: {steps: 3, batch_size: 2}\neval: {examples: 2}\ndevice: cpu\n';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
    config = join(folder, 'tiny.ssm.yaml');
    await writeFile(join(folder, 'words.txt'), text);
    await writeFile(join(folder, 'tok.json'), tokenizer);
    await writeFile(config, written(''));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('takes its vocabulary from the file, and more where more is written', async () => {
    const { vocabSize } = await openTokenizer(join(folder, 'tok.json'));
    const { config: resolved, text: all } = await resolveFile(config);
    assert.equal(resolved?.data['vocab_size'], vocabSize);
    assert.match(all!, new RegExp(`vocab_size: ${vocabSize}\\b`));
    const wider = await resolveFile(config, { set: ['data.vocab_size=300'] });
    assert.equal(wider.config?.data['vocab_size'], 300);
    const missing = await resolveFile(config, { set: ['data.tokenizer=none.json'] });
    assert.equal(missing.config, undefined);
    assert.match(missing.diagnostics.map(({ message }) => message).join(), /correct its path/);
  });

  it('sees a file that has changed', async () => {
    const path = join(folder, 'tok.json');
    const smaller = JSON.stringify(trainBpe([text], { vocabSize: 270 }).file);
    await writeFile(path, smaller);
    const { vocabSize } = await openTokenizer(path);
    assert.equal((await resolveFile(config)).config?.data['vocab_size'], vocabSize);
    await writeFile(path, tokenizer);
    assert.ok(vocabSize < Number((await resolveFile(config)).config?.data['vocab_size']));
  });

  it('keeps the tokenizer with its checkpoints, where generate and export find it', async () => {
    const runDir = join(folder, 'run');
    const trained = await run('train', config, '--run-dir', runDir, '--quiet');
    assert.equal(trained.code, 0, trained.stderr);
    const { path } = (await listCheckpoints(runDir)).at(-1)!;
    assert.equal(await readFile(join(path, 'tokenizer.json'), 'utf8'), tokenizer);

    const generated = await run('generate', runDir, '--prompt', 'the state', '--max-tokens', '4');
    assert.equal(generated.code, 0, generated.stderr);
    for (const format of ['hf', 'pytorch']) {
      const out = join(folder, format);
      const exported = await run('export', runDir, '--format', format, '--out', out);
      assert.equal(exported.code, 0, exported.stderr);
      assert.equal(await readFile(join(out, 'tokenizer.json'), 'utf8'), tokenizer);
    }
    // Neither the data nor the file of the tokenizer is needed any more.
    await rm(join(folder, 'words.txt'));
    await rm(join(folder, 'tok.json'));
    const without = await run('generate', runDir, '--prompt', 'the state', '--max-tokens', '4');
    assert.equal(without.code, 0, without.stderr);
    assert.equal(without.stdout, generated.stdout);
    const exported = await run('export', runDir, '--format', 'safetensors', '--out', join(folder, 'w'));
    assert.equal(exported.code, 0, exported.stderr);
    // A checkpoint that has left its run is whole without it.
    const moved = join(folder, 'moved');
    await rename(path, moved);
    const alone = await run('generate', moved, '--prompt', 'the state', '--max-tokens', '4');
    assert.equal(alone.code, 0, alone.stderr);
    assert.equal(alone.stdout, generated.stdout);
  });
});
