/** @file The playground's process: branches from any token, states in bounded memory, checked messages. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import {
  beginningSchema,
  resultSchema,
  tokensSchema,
  type Beginning,
  type GenerateRequest,
  type Token,
} from '../../src/protocol/playground';
import { openModelFolder } from '../../src/runtime/checkpoint';
import { Decoder, generate, patternOf, vocabularyOf, ConstraintFactory } from '../../src/runtime/generate';
import { Explorer, placeOf, type ExploreOptions, type Step } from '../../src/runtime/playground/explorer';
import { Moments } from '../../src/runtime/playground/moments';
import { methods } from '../../src/runtime/playground/rpc';
import { servePlayground } from '../../src/runtime/playground/serve';
import { StopTexts } from '../../src/runtime/playground/stop-texts';
import { bytesTokenizer, textStream } from '../../src/tokenizers';

const golden = resolve(__dirname, '../golden');
const options: ExploreOptions = {
  temperature: 1.1,
  topK: 0,
  topP: 0.98,
  maxTokens: 20,
  seed: 3,
  alternatives: 5,
};
const prompt = Array.from({ length: 75 }, (_, i) => (i * i * 7 + 3) % 250);

type How = Omit<Beginning, 'promptTokens' | 'text'>;
const explore = async (
  explorer: Explorer,
  path: readonly number[],
  given: Partial<ExploreOptions> = {},
  from = prompt,
): Promise<{ steps: Step[]; finish: string; how: How }> => {
  const steps: Step[] = [];
  let how: How | undefined;
  const { finish } = await explorer.generate(
    from,
    path,
    { ...options, ...given },
    {
      began: (told) => void (how = told),
      step: (step) => {
        steps.push(step);
        return false;
      },
    },
  );
  return { steps, finish, how: how! };
};

describe('exploring a text', () => {
  for (const name of ['hf-mamba-tiny', 'hf-mamba2-tiny']) {
    describe(name, () => {
      let decoder: Decoder;
      let ids: number[];
      before(async () => {
        const { model, parameters } = await openModelFolder(join(golden, name));
        decoder = await Decoder.open(model, parameters, { threads: 1 });
        ids = (await generate(decoder, [prompt], options)).sequences[0]!.ids;
      });
      after(() => decoder.release());

      it('goes on from every token as if it had never stopped, whatever states are kept', async () => {
        for (const bytes of [Infinity, 4 * decoder.stateBytes, 0]) {
          const explorer = new Explorer(decoder, bytes);
          assert.deepEqual(
            (await explore(explorer, [])).steps.map(({ id }) => id),
            ids,
          );
          for (const at of [19, 1, 7, 12]) {
            const { steps, how } = await explore(explorer, ids.slice(0, at), { maxTokens: 20 - at });
            assert.deepEqual(
              steps.map(({ id }) => id),
              ids.slice(at),
            );
            assert.equal(how.read, 0);
            assert.equal(how.repeated, bytes === Infinity ? 0 : at % explorer.kept.every);
          }
        }
      });

      it('takes another token, and tells probabilities as the model gives them', async () => {
        const explorer = new Explorer(decoder);
        const first = (await explore(explorer, [])).steps;
        const other = first[4]!.alternatives.find(({ id }) => id !== ids[4])!;
        const path = [...ids.slice(0, 4), other.id];
        const { steps } = await explore(explorer, path, { maxTokens: 3 });
        decoder.reset();
        let row = await decoder.read(prompt);
        for (const [place, id] of [...path, ...steps.map((step) => step.id)].entries()) {
          const top = Math.max(...row);
          const sum = row.reduce((total, value) => total + Math.exp(value - top), 0);
          const logprob = row[id]! - top - Math.log(sum);
          const told = place === 4 ? other : (first[place < 4 ? place : -1] ?? steps[place - 5]!);
          assert.ok(Math.abs(told.logprob - logprob) < 1e-4, `${place}: ${told.logprob}, ${logprob}`);
          row = await decoder.step(id);
        }
      });

      it('forgets the states of another prompt', async () => {
        const explorer = new Explorer(decoder);
        await explore(explorer, []);
        const { how } = await explore(explorer, [ids[0]!], { maxTokens: 1 }, prompt.slice(1));
        assert.equal(how.read, 74);
        assert.equal(how.repeated, 1);
        assert.equal(explorer.kept.states, 2);
      });

      it('refuses ids outside the vocabulary and text that does not fit a constraint', async () => {
        const explorer = new Explorer(decoder);
        await assert.rejects(explore(explorer, [999_999]), /the id 999999; ids are 0 …/);
        await assert.rejects(explore(explorer, [], {}, []), /at least one token/);
        const factory = new ConstraintFactory(
          patternOf({ regex: 'a*' }),
          bytesTokenizer,
          vocabularyOf(decoder),
          [],
        );
        const constraint = () => factory.start();
        await assert.rejects(explore(explorer, [98], { constraint }), /does not fit the constraint/);
        const { steps } = await explore(explorer, [97], { constraint, maxTokens: 3 });
        assert.deepEqual(
          steps.map(({ id }) => id),
          [97, 97, 97],
        );
      });
    });
  }

  it('ends where it is asked to', async () => {
    const { model, parameters } = await openModelFolder(join(golden, 'hf-mamba-tiny'));
    const decoder = await Decoder.open(model, parameters, { threads: 1 });
    try {
      const explorer = new Explorer(decoder);
      let count = 0;
      const stopped = await explorer.generate(prompt, [], options, {
        step: () => {
          count++;
          return false;
        },
        stopping: () => count === 4,
      });
      assert.deepEqual([stopped.finish, stopped.tokens], ['stopped', 4]);
      const ended = await explorer.generate(prompt, [], options, { step: () => true });
      assert.deepEqual([ended.finish, ended.tokens], ['stop', 1]);
    } finally {
      await decoder.release();
    }
  });

  it('ranks a token and measures entropy', () => {
    const even = placeOf(Float32Array.of(1, 1, 1, 1), 2);
    assert.equal(even.rank, 3);
    assert.ok(Math.abs(even.entropy - 2) < 1e-9);
    const sure = placeOf(Float32Array.of(0, 200, -Infinity), 1);
    assert.equal(sure.rank, 1);
    assert.ok(sure.entropy < 1e-9);
  });
});

describe('states for branching', () => {
  const moment = (bytes: number) => ({
    states: { a: new Float32Array(bytes / 4) },
    logits: new Float32Array(),
  });

  it('stay within their bytes on any tree, and the prompt’s is always there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 12 }),
        (paths, room) => {
          const moments = new Moments(room * 8);
          moments.keep([], moment(8));
          const stored = new Set<string>();
          for (const path of paths) {
            for (let length = 1; length <= path.length; length++) {
              moments.keep(path.slice(0, length), moment(8));
              stored.add(path.slice(0, length).join());
            }
            const { every, bytes, states } = moments.kept;
            assert.ok(bytes <= Math.max(8, room * 8));
            assert.equal(bytes, states * 8);
            // The nearest is at most `every` − 1 tokens away, or where another branch begins.
            const { length } = moments.nearest(path)!;
            assert.equal(length, path.length - (path.length % every));
          }
        },
      ),
    );
  });

  it('are none before the prompt is read', () => {
    const moments = new Moments(100);
    assert.equal(moments.nearest([1]), undefined);
    moments.keep([], moment(8));
    moments.clear();
    assert.equal(moments.nearest([]), undefined);
    assert.deepEqual(moments.kept, { states: 0, bytes: 0, every: 1 });
  });
});

describe('stop texts', () => {
  const after = (texts: string[], before: string, parts: string[]): number => {
    const stops = new StopTexts(texts, before);
    return parts.findIndex((part) => stops.ended(part));
  };
  it('are found across tokens, and across the place where a branch begins', () => {
    assert.equal(after(['end'], '', ['an', ' e', 'n', 'd', 'x']), 3);
    assert.equal(after(['end'], 'the e', ['n', 'd']), 1);
    assert.equal(after(['\n\n', 'Q:'], 'a\n', ['b\n', '\nc']), 1);
    assert.equal(after(['ab', 'abcdef'], 'abc', ['x', 'y']), -1);
    assert.equal(after([], '', ['a']), -1);
  });
  it('agree with a search through the whole text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 }), {
          maxLength: 3,
        }),
        fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }),
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 }), { maxLength: 8 }),
        (texts, before, parts) => {
          let whole = before;
          const expected = parts.findIndex((part) => {
            const old = whole.length;
            whole += part;
            return texts.some((text) => {
              const at = whole.indexOf(text, Math.max(0, old - text.length + 1));
              return part !== '' && at >= 0;
            });
          });
          // A stop that began before the new text and is completed by it counts; one that was whole does not.
          assert.equal(after(texts, before, parts), expected);
        },
      ),
    );
  });
});

describe('the process of the playground', () => {
  const settings: GenerateRequest['settings'] = {
    temperature: 0,
    topK: 0,
    topP: 1,
    minP: 0,
    repetitionPenalty: 1,
    seed: 0,
    maxTokens: 12,
    stop: [],
  };
  let decoder: Decoder;
  before(async () => {
    const { model, parameters } = await openModelFolder(join(golden, 'hf-mamba-tiny'));
    decoder = await Decoder.open(model, parameters, { threads: 1 });
  });
  after(() => decoder.release());

  async function serve() {
    const [there, back] = [new PassThrough(), new PassThrough()];
    const done = servePlayground(there, back, {
      decoder,
      codec: {
        encode: (text) => bytesTokenizer.encode(text),
        label: (id) => bytesTokenizer.label(id),
        stream: () => textStream(bytesTokenizer),
        tokenizer: bytesTokenizer,
      },
      end: [],
      facts: {
        parameters: 1,
        layers: { mamba: 3 },
        vocabulary: 256,
        prompt: 'text',
        bits: 32,
        memory: 1,
        stateBytes: 1,
        context: 100,
      },
    });
    const client = createMessageConnection(new StreamMessageReader(back), new StreamMessageWriter(there));
    const tokens: Token[] = [];
    const began: Beginning[] = [];
    client.onNotification(methods.tokens, (raw) => {
      const read = tokensSchema.parse(raw);
      assert.equal(read.from, tokens.length);
      tokens.push(...read.tokens);
    });
    client.onNotification(methods.began, (raw) => void began.push(beginningSchema.parse(raw)));
    client.listen();
    const ask = async (request: unknown) =>
      resultSchema.parse(await client.sendRequest(methods.generate, request));
    const close = async (): Promise<void> => {
      there.end();
      await done;
      client.dispose();
    };
    return { client, tokens, began, ask, close };
  }

  it('tells the ids of a prompt', async () => {
    const { client, close } = await serve();
    assert.deepEqual(await client.sendRequest(methods.encode, { prompt: 'ab' }), { ids: [97, 98] });
    await assert.rejects(client.sendRequest(methods.encode, { prompt: 7 }), /prompt: /);
    await close();
  });

  it('streams tokens that fit the protocol', async () => {
    const { tokens, began, ask, close } = await serve();
    const result = await ask({ prompt: 'Call me', path: [], settings });
    assert.deepEqual([result.finish, result.tokens, tokens.length], ['length', 12, 12]);
    assert.deepEqual([began[0]!.promptTokens, began[0]!.read], [7, 7]);
    for (const token of tokens) {
      assert.equal(token.rank, 1);
      assert.equal(token.alternatives.length, 10);
      assert.deepEqual(token.alternatives[0]!.id, token.id);
    }
    await close();
  });

  it('refuses what does not fit the protocol, a prompt that is empty, and texts that do not fit', async () => {
    const { ask, close } = await serve();
    await assert.rejects(
      ask({ prompt: 'a', path: [], settings: { ...settings, topP: 2 } }),
      /settings\.topP/,
    );
    await assert.rejects(ask({ prompt: 'a', path: [-1], settings }), /path\.0/);
    await assert.rejects(ask({ prompt: '', path: [], settings }), /Write a prompt first/);
    await assert.rejects(
      ask({ prompt: 'a', path: [], settings: { ...settings, maxTokens: 100 } }),
      /hold 100/,
    );
    const wrong = { ...settings, constraint: { kind: 'schema' as const, text: '{' } };
    await assert.rejects(ask({ prompt: 'a', path: [], settings: wrong }), /The JSON Schema is no JSON/);
    // It still serves.
    assert.equal((await ask({ prompt: 'a', path: [], settings })).tokens, 12);
    await close();
  });

  it('stops when asked, takes one text at a time, and ends at a stop text', async () => {
    const { client, tokens, ask, close } = await serve();
    const long = ask({ prompt: 'ab', path: [], settings: { ...settings, maxTokens: 90 } });
    await assert.rejects(ask({ prompt: 'ab', path: [], settings }), /stop it first/);
    await client.sendNotification(methods.stop);
    const stopped = await long;
    assert.equal(stopped.finish, 'stopped');
    assert.ok(stopped.tokens < 90);
    tokens.length = 0;
    await ask({ prompt: 'ab', path: [], settings });
    const text = tokens.map((token) => token.text).join('');
    tokens.length = 0;
    const stop = [tokensText(text, 4)];
    const ended = await ask({ prompt: 'ab', path: [], settings: { ...settings, stop } });
    assert.equal(ended.finish, 'stop');
    assert.ok(
      tokens
        .map((token) => token.text)
        .join('')
        .endsWith(stop[0]!),
    );
    assert.ok(ended.tokens <= 12);
    await close();
  });
});

/** The first characters of a text, at most `count`. */
const tokensText = (text: string, count: number): string => text.slice(0, Math.min(count, text.length));
