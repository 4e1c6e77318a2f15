import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './cli';

const CONFIG = `
data: {type: induction-heads, length: 12, vocab_size: 6}
model:
  d_model: 8
  layers: [{mixer: mamba, d_state: 4}, {mixer: mamba2, headdim: 8, d_state: 4, chunk_size: 4}]
train: {steps: 6, batch_size: 4}
eval: {examples: 8}
device: cpu
`;
const LANGUAGE = CONFIG.replace(/data: .*/, 'data: {type: text, files: [words.txt], context: 12}').replace(
  /, \{mixer: mamba2.*\}\]/,
  ']',
);

interface Answer {
  readonly [key: string]: unknown;
}
const json = async (...args: string[]): Promise<Answer> => {
  const { code, stdout, stderr } = await run(...args, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Answer;
};

describe('commands that look at trained models', function () {
  this.timeout(60_000);
  let folder: string;
  let trained: string;
  let language: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'look-'));
    trained = join(folder, 'trained');
    language = join(folder, 'language');
    await writeFile(join(folder, 'tiny.ssm.yaml'), CONFIG);
    await writeFile(join(folder, 'language.ssm.yaml'), LANGUAGE);
    await writeFile(join(folder, 'words.txt'), 'the quick brown fox jumps over the lazy dog\n'.repeat(40));
    for (const [config, dir] of [
      ['tiny', trained],
      ['language', language],
    ] as const) {
      const { code, stderr } = await run(
        'train',
        join(folder, `${config}.ssm.yaml`),
        '--run-dir',
        dir,
        '--quiet',
      );
      assert.equal(code, 0, stderr);
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  describe('eval', () => {
    it('repeats the evaluation of the run, from run folder, checkpoint and file', async () => {
      const rows = (await readFile(join(trained, 'metrics.jsonl'), 'utf8')).trim().split('\n');
      const last = rows.map((line) => JSON.parse(line) as Answer).findLast((row) => 'eval' in row)![
        'eval'
      ] as Answer;
      const checkpoint = join(trained, 'checkpoints/step-000006');
      for (const target of [trained, checkpoint, join(checkpoint, 'model.safetensors')]) {
        const found = await json('eval', target, '--split', 'validation', '--examples', '8');
        assert.equal(found['loss'], last['loss']);
        assert.equal(found['accuracy'], last['accuracy']);
        assert.equal(found['examples'], 8);
      }
    });
    it('evaluates on other data options', async () => {
      const found = await json('eval', trained, '--set', 'data.length=40', '--examples', '5');
      assert.equal((found['settings'] as Answer)['length'], 40);
      assert.equal((await run('eval', trained, '--set', 'model.d_model=16')).code, 64);
    });
    it('reports bits per byte for text, beside those of byte frequencies', async () => {
      const found = await json('eval', language, '--examples', '4');
      assert.ok(Math.abs((found['bits_per_byte'] as number) - (found['loss'] as number) / Math.LN2) < 1e-12);
      assert.ok((found['unigram_bits_per_byte'] as number) > 3);
    });
  });

  describe('inspect', () => {
    const size = (shape: unknown): number =>
      (shape as number[]).reduce((product, extent) => product * extent, 1);

    it('gives every probe of a layer with its axes, and the same numbers for one of them', async () => {
      const all = await json('inspect', trained, '--layer', '0', '--example', '2');
      const probes = all['probes'] as Record<string, Answer>;
      for (const name of ['delta', 'A_bar', 'B', 'C', 'gate', 'state', 'state_norm', 'y']) {
        const { shape, axes, data } = probes[name]!;
        assert.equal((axes as string[])[0], 'time', name);
        assert.equal((data as number[]).length, size(shape), name);
      }
      assert.equal((all['tokens'] as unknown[]).length, 12);
      assert.equal(all['step'], 6);
      const one = await json('inspect', trained, '--probe', 'delta', '--example', '2');
      assert.deepEqual(one['data'], probes['delta']!['data']);
      assert.deepEqual(one['shape'], [12, 16]);
      assert.equal(one['probe'], 'delta');
    });
    it('shows another layer and another example as other numbers', async () => {
      const data = async (...more: string[]): Promise<unknown> =>
        (await json('inspect', trained, '--probe', 'state_norm', ...more))['data'];
      const first = await data();
      assert.notDeepEqual(await data('--layer', '1'), first);
      assert.notDeepEqual(await data('--example', '1'), first);
    });
    it('takes ids of any length, and configs that were never trained', async () => {
      const found = await json('inspect', join(folder, 'tiny.ssm.yaml'), '--ids', '1,2,5', '--probe', 'y');
      assert.deepEqual(found['shape'], [3, 16]);
      assert.deepEqual(found['tokens'], [
        { id: 1, label: '1' },
        { id: 2, label: '2' },
        { id: 5, label: '⇒' },
      ]);
    });
    it('reads a text of its own where a checkpoint comes without data, and calls tokens as the tokenizer does', async () => {
      const golden = join(__dirname, '../golden/hf-mamba-tiny');
      const { code, stdout, stderr } = await run('inspect', golden, '--probe', 'delta', '--json');
      assert.equal(code, 0, stderr);
      const { tokens, prediction } = JSON.parse(stdout) as {
        tokens: { id: number; label: string }[];
        prediction: { id: number; label: string };
      };
      const text = tokens.map(({ label }) => label).join('');
      assert.match(text.replaceAll('␣', ' '), /captain of the whale/);
      assert.notEqual(prediction.label, String(prediction.id));
      const given = await run('inspect', golden, '--probe', 'delta', '--ids', '7,8', '--json');
      assert.equal((JSON.parse(given.stdout) as { tokens: unknown[] }).tokens.length, 2);
    });

    it('obeys the recurrence: the state follows from Δ, B, the input and the state before', async () => {
      const { probes } = (await json('inspect', trained)) as unknown as {
        probes: Record<string, { shape: number[]; data: number[] }>;
      };
      const [time, channels, states] = probes['state']!.shape as [number, number, number];
      const at = (name: string, ...index: number[]): number =>
        probes[name]!.data[index.reduce((flat, i, axis) => flat * probes[name]!.shape[axis]! + i, 0)]!;
      for (let t = 1; t < time; t++) {
        for (let c = 0; c < channels; c++) {
          for (let n = 0; n < states; n++) {
            const written = at('delta', t, c) * at('x', t, c) * at('B', t, n);
            const expected = at('A_bar', t, c, n) * at('state', t - 1, c, n) + written;
            assert.ok(Math.abs(at('state', t, c, n) - expected) < 1e-5);
          }
        }
      }
    });
    it('says what there is when asked for what there is not', async () => {
      const layer = await run('inspect', trained, '--layer', '7');
      assert.equal(layer.code, 1);
      assert.match(layer.stderr, /no layer 7; the model has layers 0 … 1/);
      assert.match((await run('inspect', trained, '--probe', 'delat')).stderr, /there is .*delta/);
      assert.match((await run('inspect', trained, '--ids', '6')).stderr, /ids are 0 … 5/);
      assert.equal((await run('inspect', join(folder, 'nowhere'))).code, 64);
    });
  });

  describe('logits and generate', () => {
    it('give one row per position, and greedily continue with the likeliest', async () => {
      const ids = [116, 104, 101, 32];
      const { logits } = (await json('logits', language, '--ids', ids.join())) as unknown as {
        logits: number[][];
      };
      assert.equal(logits.length, 4);
      const row = logits.at(-1)!;
      const best = row.indexOf(Math.max(...row));
      const greedy = await json(
        'generate',
        language,
        '--prompt',
        'the ',
        '--temperature',
        '0',
        '--max-tokens',
        '5',
      );
      const generated = greedy['ids'] as number[];
      assert.equal(generated.length, 5);
      assert.equal(generated[0], best);
      // The decoding step carries on what the parallel form would say.
      const longer = (await json('logits', language, '--ids', [...ids, ...generated].join())) as unknown as {
        logits: number[][];
      };
      generated.forEach((id, index) => {
        const next = longer.logits[ids.length - 1 + index]!;
        assert.ok(Math.max(...next) - next[id]! < 1e-4);
      });
    });
    it('draws the same tokens from the same seed', async () => {
      const draw = async (seed: string): Promise<unknown> =>
        (await json('generate', language, '--ids', '1,2', '--seed', seed, '--max-tokens', '8'))['ids'];
      assert.deepEqual(await draw('1'), await draw('1'));
      assert.notDeepEqual(await draw('1'), await draw('2'));
    });
    it('refuse what does not fit', async () => {
      assert.equal((await run('generate', language)).code, 64);
      assert.match((await run('generate', trained, '--ids', '1')).stderr, /task of this model is answer/);
      assert.match((await run('logits', language, '--ids', '300')).stderr, /ids are 0 … 255/);
    });
    it('refuse to end before an empty text, which stands everywhere', async () => {
      const { code, stderr } = await run('generate', language, '--prompt', 'the', '--stop', '');
      assert.equal(code, 64);
      assert.match(stderr, /--stop.*must not be empty/);
    });

    it('say which file of a checkpoint is damaged or missing', async () => {
      const copy = join(folder, 'copy');
      await cp(join(language, 'checkpoints/step-000006'), copy, { recursive: true });
      assert.equal((await run('logits', copy, '--ids', '1')).code, 0);
      await writeFile(join(copy, 'model.safetensors'), 'nonsense');
      const damaged = await run('logits', copy, '--ids', '1');
      assert.equal(damaged.code, 1);
      assert.match(damaged.stderr, /model\.safetensors: Not a valid safetensors file/);
      await rm(join(copy, 'config.json'));
      assert.match((await run('logits', copy, '--ids', '1')).stderr, /config\.json is missing/);
    });
  });

  describe('rank', () => {
    const texts = ['sea', 'whale', 'a'];
    const asked = (): string[] => [
      ...['rank', language, '--context', 'the '],
      ...texts.flatMap((text) => ['--candidate', text]),
    ];

    it('orders continuations by the probabilities that logits give', async () => {
      const found = (await json(...asked())) as unknown as { candidate: string; logprob: number }[];
      const expected: { candidate: string; logprob: number }[] = [];
      for (const candidate of texts) {
        const ids = [...Buffer.from(`the ${candidate}`)];
        const { logits } = (await json('logits', language, '--ids', ids.join())) as unknown as {
          logits: number[][];
        };
        const logprob = [...Buffer.from(candidate)].reduce((sum, id, i) => {
          const row = logits[3 + i]!;
          return sum + row[id]! - Math.log(row.reduce((total, value) => total + Math.exp(value), 0));
        }, 0);
        expected.push({ candidate, logprob });
      }
      expected.sort((a, b) => b.logprob - a.logprob);
      assert.deepEqual(
        found.map(({ candidate }) => candidate),
        expected.map(({ candidate }) => candidate),
      );
      found.forEach(({ logprob }, i) => assert.ok(Math.abs(logprob - expected[i]!.logprob) < 1e-3));
    });
    it('prints a line each, and needs two', async () => {
      const { code, stdout } = await run(...asked());
      assert.equal(code, 0);
      assert.deepEqual(stdout.match(/^-[\d.]+\t\w+$/gm)?.length, 3);
      const one = await run('rank', language, '--context', 'the ', '--candidate', 'sea');
      assert.equal(one.code, 64);
      assert.match(one.stderr, /at least two/);
    });
  });

  it("write Hugging Face's names where their classes can express the model, ours elsewhere", async () => {
    const config = async (run_: string): Promise<Answer> =>
      JSON.parse(await readFile(join(run_, 'checkpoints/step-000006/config.json'), 'utf8')) as Answer;
    assert.equal((await config(language))['model_type'], 'mamba');
    assert.equal((await config(trained))['model_type'], 'ssm-studio');
    const header = (await readFile(join(language, 'checkpoints/step-000006/model.safetensors'))).toString(
      'latin1',
    );
    assert.match(header, /"backbone\.embeddings\.weight"/);
    assert.doesNotMatch(header, /lm_head/);
  });
});
