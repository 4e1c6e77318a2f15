import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bytesTokenizer, openTokenizer, textStream, tokenizerOf, trainBpe } from '../../src/tokenizers';
import { emptyTokenizer } from './empty';
import { processorTime } from '../util/processor-time';

const golden = resolve(__dirname, '../golden');
const bundled = resolve(__dirname, '../../media/data/moby-dick.txt');

interface TokenizerCase {
  readonly text: string;
  readonly ids: number[];
}

describe('tokenizers', () => {
  for (const name of ['hf-mamba-tiny', 'hf-mamba2-tiny', 'statespaces-mamba2-tiny']) {
    it(`gives the ids of ${name}`, async () => {
      const tokenizer = await openTokenizer(join(golden, name, 'tokenizer.json'));
      const { tokenizer_cases } = JSON.parse(await readFile(join(golden, name, 'case.json'), 'utf8')) as {
        tokenizer_cases: TokenizerCase[];
      };
      assert.ok(tokenizer_cases.length > 4);
      for (const { text, ids } of tokenizer_cases) {
        assert.deepEqual(tokenizer.encode(text), ids, text);
        const whole = tokenizer.decode(ids, { special: true });
        assert.equal(whole, text.normalize('NFC'));
        const stream = textStream(tokenizer);
        const streamed = ids.map((id) => stream(id)).join('');
        assert.equal(streamed, tokenizer.decode(ids));
      }
      assert.equal(tokenizer.endOfText, 0);
      assert.ok(tokenizer.special.has(0));
      assert.equal(tokenizer.label(33), '␣');
      for (let id = 0; id < tokenizer.vocabSize; id++) {
        const label = tokenizer.label(id);
        assert.ok(
          [...label].every((sign) => sign > ' ' && sign !== '\uFFFD'),
          `${id}: ${JSON.stringify(label)}`,
        );
        assert.notEqual(label, '');
      }
    });
  }

  it('take bytes as they are', () => {
    const text = 'naïve ☕';
    const ids = bytesTokenizer.encode(text);
    assert.equal(ids.length, Buffer.byteLength(text));
    assert.equal(bytesTokenizer.decode(ids), text);
    const stream = textStream(bytesTokenizer);
    assert.equal(ids.map((id) => stream(id)).join(''), text);
  });

  describe('trained on a text', () => {
    it('merge the most frequent pair first, and stop when nothing repeats', async () => {
      const { file, vocabSize } = trainBpe(['hug hug hug pug pug hugs'], { vocabSize: 300 });
      const { merges } = file['model'] as { merges: string[] };
      // u g occurs six times, then h ug and Ġ hug.
      assert.equal(merges[0], 'u g');
      assert.ok(merges.includes('Ġ hug'), merges.join());
      assert.ok(vocabSize < 300);
      const tokenizer = await tokenizerOf(JSON.stringify(file), 'hug');
      assert.equal(tokenizer.vocabSize, vocabSize);
      assert.equal(tokenizer.decode(tokenizer.encode('hug pug, naïve ☕')), 'hug pug, naïve ☕');
      assert.equal(tokenizer.encode(' hug').length, 1);
    });

    it('halve the length of a novel with 1,024 tokens', async () => {
      const text = (await readFile(bundled, 'utf8')).slice(0, 200_000);
      const { file, vocabSize } = trainBpe([text], { vocabSize: 1024 });
      assert.equal(vocabSize, 1024);
      const tokenizer = await tokenizerOf(JSON.stringify(file), 'novel');
      const ids = tokenizer.encode(text.slice(0, 20_000));
      assert.ok(ids.length < 10_000, `${ids.length} tokens`);
      assert.equal(tokenizer.decode(ids), text.slice(0, 20_000));
    });

    it('count a pair as it stands after every merge', () => {
      // The counts of an exhaustive recount after each merge, on words that overlap themselves.
      const text = 'aaaa aaab abab baab aabb aaaa abba';
      const { file } = trainBpe([text], { vocabSize: 256 + 1 + 8, minFrequency: 1 });
      const { merges } = file['model'] as { merges: string[] };
      assert.deepEqual(merges, slowMerges(text, 8));
    });

    it('refuse a vocabulary without room for the bytes', () => {
      assert.throws(() => trainBpe(['x'], { vocabSize: 100 }), /256 bytes and 1 special tokens/);
    });
  });

  describe('from files of strangers', () => {
    let folder: string;
    before(async () => (folder = await mkdtemp(join(tmpdir(), 'tokenizers-'))));
    after(() => rm(folder, { recursive: true }));

    const base = emptyTokenizer;
    const refused = async (content: string, message: RegExp): Promise<void> => {
      const path = join(folder, 'tokenizer.json');
      await writeFile(path, content);
      await assert.rejects(openTokenizer(path), message);
    };

    it('say what is wrong', async () => {
      await refused('{', /not valid JSON/);
      await refused('[]', /contents/);
      await refused(
        JSON.stringify({ ...base, model: { vocab: { a: 0, b: 0 } } }),
        /two tokens have the id 0/,
      );
      await refused(JSON.stringify({ ...base, model: { vocab: { a: 1e9 } } }), /model\.vocab/);
      await refused(JSON.stringify({ ...base, model: { type: 'Python', vocab: { a: 0 } } }), /type Python/);
      await refused(JSON.stringify({ ...base, model: { vocab: {} } }), /empty/);
      await refused(
        JSON.stringify({ ...base, model: { ...base.model, merges: ['a b', 7] } }),
        /merge 1 is no/,
      );
      let deep: unknown = { type: 'Lowercase' };
      for (let i = 0; i < 50; i++) deep = { type: 'Sequence', normalizers: [deep] };
      await refused(JSON.stringify({ ...base, normalizer: deep }), /too deeply/);
      await assert.rejects(openTokenizer(join(folder, 'none.json')), /ENOENT/);
    });

    it('stop a pattern that never ends', async () => {
      const pre_tokenizer = {
        type: 'Split',
        pattern: { Regex: '(a+)+$' },
        behavior: 'Isolated',
        invert: false,
      };
      const tokenizer = await tokenizerOf(JSON.stringify({ ...base, pre_tokenizer }), 'bomb');
      const took = await processorTime(10_000, () =>
        assert.throws(() => tokenizer.encode(`${'a'.repeat(64)}b`), /damaged or hostile/),
      );
      // What explodes never ends.
      assert.ok(took < 10_000, `${took} ms`);
    });
  });
});

/** BPE by recounting every pair after every merge. */
function slowMerges(text: string, count: number): string[] {
  const words = text.match(/ ?\p{L}+/gu)!.map((word) => [...word].map((c) => (c === ' ' ? 'Ġ' : c)));
  const made: string[] = [];
  const merges: string[] = [];
  const rank = (token: string): number =>
    token.length === 1 ? (token === 'Ġ' ? 32 : token.codePointAt(0)!) : 1000 + made.indexOf(token);
  while (merges.length < count) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        const pair = `${word[i - 1]} ${word[i]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const best = [...counts].sort(
      ([a, x], [b, y]) =>
        y - x ||
        rank(a.split(' ')[0]!) - rank(b.split(' ')[0]!) ||
        rank(a.split(' ')[1]!) - rank(b.split(' ')[1]!),
    )[0];
    if (!best) break;
    const [left, right] = best[0].split(' ') as [string, string];
    merges.push(best[0]);
    made.push(left + right);
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, left + right);
      }
    }
  }
  return merges;
}
