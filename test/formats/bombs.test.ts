/**
 * @file Small files that ask for much: sizes that nobody has, contents that unpack without end, nesting, expressions
 * that backtrack. Each is refused in plain words, without much processor time or memory.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { diskReader } from '../../src/config';
import { readBatch } from '../../src/data/images/cifar/batches';
import { openGguf } from '../../src/formats/gguf';
import { openSafetensors } from '../../src/formats/safetensors';
import { arraySource } from '../../src/formats/source';
import { openTorch } from '../../src/formats/torch';
import { openModelFolder } from '../../src/runtime/checkpoint';
import { tokenizerOf } from '../../src/tokenizers';
import { npy, npyOf, zip } from '../data/npy-writer';
import { openData } from '../data/open';
import * as r from '../data/r-writer';
import { emptyTokenizer } from '../tokenizers/empty';
import { chunk, header, pixels, png } from './png-writer';
import { processorTime } from '../util/processor-time';

const M = 2 ** 20;
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const many = (count: number, part: Uint8Array): Buffer => Buffer.alloc(count * part.length, part);
const range = <T>(count: number, item: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => item(i));

const uint32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);
const uint64 = (value: number | bigint): Buffer => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const ggufText = (text: string): Buffer => Buffer.concat([uint64(text.length), latin1(text)]);
const gguf = (tensors: number | bigint, keys: number | bigint, ...rest: Uint8Array[]): Buffer =>
  Buffer.concat([latin1('GGUF'), uint32(3), uint64(tensors), uint64(keys), ...rest]);
const ggufList = (name: string, type: number, length: number, content: Uint8Array): Buffer =>
  Buffer.concat([ggufText(name), uint32(9), uint32(type), uint64(length), content]);
const safetensors = (head: string, data = 0): Buffer =>
  Buffer.concat([uint64(Buffer.byteLength(head)), Buffer.from(head), Buffer.alloc(data)]);
const torch = (pickle: Uint8Array): Buffer => zip({ 'm/data.pkl': pickle }, 0);
const protocol = latin1('\x80\x02');
const sequence = Buffer.concat([
  r.int(238, 2),
  r.symbol('compact_intseq'),
  r.nil,
  r.doubles([1e7, 1, 1]),
  r.nil,
]);
const nested = (depth: number, innermost: object): object =>
  depth === 0 ? innermost : { type: 'Sequence', normalizers: [nested(depth - 1, innermost)] };

/** Milliseconds of processor time. */
const ENOUGH = 10_000;

describe('bombs', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'bombs-'))));
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };

  /** `open` fails with this message; what was made for it before costs nothing here. */
  async function refused(open: () => unknown, message: RegExp): Promise<void> {
    const peak = process.resourceUsage().maxRSS;
    // One try, unless that took too long: what earlier ones left would count as memory of the last.
    const took = await processorTime(ENOUGH, () => {
      // Also what throws before there is a promise.
      const opening = Promise.resolve().then(open);
      return assert.rejects(opening, (error: Error) => {
        assert.match(error.message, message);
        assert.ok(error.message.length < 4000, `a message of ${error.message.length}`);
        return true;
      });
    });
    // Usually below half a second, twice that where fresh memory is dear; what explodes never ends.
    assert.ok(took < ENOUGH, `${took} ms`);
    const grown = (process.resourceUsage().maxRSS - peak) / 1024;
    assert.ok(grown < 256, `${grown} MB more`);
  }

  const cases = <T>(
    what: string,
    open: (content: T) => unknown,
    all: readonly (readonly [name: string, make: () => T, message: RegExp])[],
  ): void => {
    describe(what, () => {
      for (const [name, make, message] of all) {
        it(name, () => {
          const content = make();
          return refused(() => open(content), message);
        });
      }
    });
  };

  const images = (content: Buffer): unknown => {
    write('images/a/1.png', content);
    write('images/b/1.png', content);
    return openData(
      'images',
      { files: ['images/*/*.png'], classes: ['a', 'b'], size: 8 },
      { baseDir: folder },
    );
  };
  cases('of PNG', images, [
    ['a huge size', () => png(header(65_535, 65_535), pixels(Buffer.alloc(99))), /65535 × 65535 pixels/],
    [
      'a second header with a huge size',
      () => png(header(8, 8), header(30_000, 30_000), pixels(Buffer.alloc(99))),
      /header is not its first chunk alone/,
    ],
    [
      'a header behind the pixels',
      () => png(header(8, 8), pixels(Buffer.alloc(200)), header(20_000, 20_000)),
      /header is not its first chunk alone/,
    ],
    [
      'interlaced pixels that unpack to 64 MB',
      () => png(header(8, 8, { interlaced: true }), pixels(Buffer.alloc(64 * M))),
      /pixels cannot be unpacked/,
    ],
    ['too many pixels', () => png(header(8, 8), pixels(Buffer.alloc(64 * M))), /no PNG image/],
    ['no pixels', () => png(header(8, 8)), /pixels cannot be unpacked/],
    ['pixels that end too early', () => png(header(8, 8), pixels(Buffer.alloc(8 * 25 - 1))), /are missing/],
    ['a chunk of 4 GB', () => png(header(8, 8), Buffer.alloc(8, 255)), /cut off/],
    [
      '100,000 empty chunks',
      () => png(header(8, 8), many(100_000, chunk('IDAT')), header(8, 8)),
      /header is not its first/,
    ],
  ]);

  const rows = (name: string) => (content: string | Uint8Array) => {
    write(name, content);
    const given = { files: [name], label: '1', classes: ['0', '1'], length: 4 };
    return openData('labelled-rows', given, { baseDir: folder });
  };
  const bytes = (shape: string, data: Uint8Array, fortran = 'False'): Buffer =>
    npyOf(`{'descr': '|u1', 'fortran_order': ${fortran}, 'shape': (${shape}), }`, data);
  cases('of NumPy', rows('x.npz'), [
    [
      'an array that unpacks to 64 MB',
      () => zip({ 'a.npy': bytes(`${64 * M},`, Buffer.alloc(64 * M)) }),
      /unpacks from \d+ to \d+ bytes/,
    ],
    ['a zip in a zip', () => zip({ 'a.npy': zip({ 'a.npy': npy([1], [1]) }) }), /no array of NumPy/],
    ['negative sizes', () => bytes('-1, -8', Buffer.alloc(8)), /header is damaged/],
    ['a size that overflows', () => bytes('4294967296, 4294967296', Buffer.alloc(8)), /needs 1844\d+ bytes/],
    [
      '60 axes, the first one fastest',
      () => bytes(`${'1, '.repeat(60)}1048577, 2`, Buffer.alloc(2 * (M + 1)), 'True'),
      /more than 1048576 numbers/,
    ],
    ['a header of openings', () => npyOf("'shape': (".repeat(900), Buffer.alloc(8)), /header is damaged/],
  ]);
  cases('of tables', rows('x.csv'), [
    ['that unpack to 64 MB', () => gzipSync(Buffer.alloc(64 * M)), /cannot be unpacked/],
    ['with a row of 30 million fields', () => ','.repeat(30e6), /more than 1048576 fields/],
    ['with a quote that never closes', () => `a,b\n"${'x'.repeat(30e6)}`, /never closed/],
    ['with a field of 30 MB', () => `a,1\n${'x'.repeat(30e6)},0`, /1 columns beside 1/],
    ['with a name of 30 MB', () => `${'x'.repeat(30e6)},b\n`, /has no column 1/],
  ]);
  cases('of gretl', rows('x.gdt'), [
    ['heads that never end', () => '<gretldata '.repeat(1e6), /no variables or no observations/],
    [
      'variables and observations that never end',
      () =>
        `<gretldata><variables>${'<variable '.repeat(1e6)}</variables><observations>` +
        `${'<obs '.repeat(1e6)}</observations></gretldata>`,
      /no column 1/,
    ],
  ]);
  cases('of R', rows('x.rda'), [
    [
      'a list of sequences of ten million numbers',
      () => r.workspace({ a: Buffer.concat([r.int(19, 200), many(200, sequence)]) }),
      /sequences are too long/,
    ],
    ['100,000 lists in each other', () => r.workspace({ a: many(1e5, r.int(19, 1)) }), /nested too deeply/],
    ['a vector longer than the file', () => r.workspace({ a: r.int(14, 2 ** 31 - 1) }), /cut off/],
    [
      'a list of 5 million nothings',
      () => gzipSync(r.workspace({ a: Buffer.concat([r.int(19, 5e6), many(5e6, r.nil)]) })),
      /cannot be unpacked/,
    ],
  ]);
  const texts = (content: string): unknown => {
    write('x.jsonl', content);
    return openData('labelled-text', { files: ['x.jsonl'], classes: ['a', 'b'] }, { baseDir: folder });
  };
  cases('of JSON Lines', texts, [
    ['a line of 30 million openings', () => '['.repeat(30e6), /x\.jsonl:1: nested too deeply/],
    ['a line of ten million lists', () => `[${'[],'.repeat(1e7)}[]]`, /x\.jsonl:1: too many items/],
    [
      'a label of 30 MB',
      () => JSON.stringify({ text: 'x', label: 'y'.repeat(30e6) }),
      /which is not among the classes/,
    ],
  ]);

  cases('of pickles', (content: Buffer) => readBatch({ path: 'batch', content }), [
    [
      'four million mappings',
      () => Buffer.concat([protocol, many(4e6, latin1('}'))]),
      /too many instructions/,
    ],
    ['four million marks', () => Buffer.concat([protocol, many(4e6, latin1('('))]), /too many instructions/],
    [
      '100,000 numbers of 255 bytes',
      () => Buffer.concat([protocol, many(1e5, Buffer.concat([latin1('\x8a\xff'), Buffer.alloc(255, 1)]))]),
      /cut off/,
    ],
    [
      'a list that holds itself eightfold, thirtyfold',
      () => latin1(`\x80\x02]q\0${'](h\0h\0h\0h\0h\0h\0h\0h\0eq\0'.repeat(30)}.`),
      /no mapping/,
    ],
    [
      'tuples in each other',
      () => Buffer.concat([protocol, latin1(')'), many(9e5, latin1('\x85.'))]),
      /mapping/,
    ],
  ]);
  cases('of PyTorch', (content: Buffer) => openTorch(arraySource(content)), [
    ['mappings', () => torch(many(4e6, latin1('}'))), /too many instructions/],
    [
      'a name that never ends',
      () => torch(Buffer.concat([latin1('\x80\x02c'), Buffer.alloc(30e6, 65)])),
      /cut off/,
    ],
    [
      '70,000 files',
      () => {
        const all = zip(Object.fromEntries(range(65_535, (i) => [`${i}`, new Uint8Array()])), 0);
        // The directory says the rest: more than its field can count makes another record necessary.
        all.writeUInt16LE(65_534, all.length - 12);
        return all;
      },
      /not one that torch\.save wrote/,
    ],
  ]);

  cases('of GGUF', (content: Buffer) => openGguf(arraySource(content)), [
    ['counts', () => gguf(2n ** 62n, 2n ** 62n), /out of range/],
    ['a million tensors', () => gguf(1e6, 0, Buffer.alloc(30e6)), /1000000 tensors and 0 keys are too many/],
    ['a text', () => gguf(0, 1, uint64(2n ** 40n)), /cut off/],
    ['a list of bytes', () => gguf(0, 1, ggufList('k', 0, 30e6, Buffer.alloc(30e6))), /lists of 30000000/],
    [
      'many lists of bytes',
      () => gguf(0, 40, ...range(40, (i) => ggufList(`k${i}`, 0, 1e6, Buffer.alloc(1e6)))),
      /lists of 5000000/,
    ],
    [
      'a list of empty texts',
      () => gguf(0, 1, ggufList('k', 8, 4e6 + 1, Buffer.alloc(8))),
      /lists of 4000001/,
    ],
    ['a list of lists', () => gguf(0, 1, ggufList('k', 9, 1, uint32(9))), /list of lists/],
    [
      'no alignment',
      () => gguf(0, 1, ggufText('general.alignment'), uint32(4), uint32(0)),
      /alignment 0 is no power/,
    ],
    [
      'a shape that overflows',
      () => gguf(1, 0, ggufText('t'), uint32(4), many(4, uint64(2 ** 30)), uint32(0), uint64(0)),
      /size overflows/,
    ],
    ['a key of 30 MB', () => gguf(0, 1, ggufText('k'.repeat(30e6)), uint32(77)), /unknown type 77/],
  ]);

  const entry = (shape: string, offsets = '[0,8]'): string =>
    `{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}`;
  cases('of safetensors', (content: Buffer) => openSafetensors(arraySource(content)), [
    [
      'a name of 40 MB',
      () => safetensors(`{"${'k'.repeat(40e6)}":${entry('[2]')}}`, 8),
      /text that is too long/,
    ],
    [
      'a name of 5 MB, behind a hole',
      () => safetensors(`{"${'k'.repeat(5e6)}":${entry('[1]', '[4,8]')}}`, 8),
      /hole/,
    ],
    [
      'a shape of 900,000 axes',
      () => safetensors(`{"k":${entry(`[${'1,'.repeat(9e5)}1]`)}}`, 8),
      /has 8 bytes/,
    ],
    ['40 million openings', () => safetensors(`{"a":${'['.repeat(40e6)}`), /nested too deeply/],
    ['ten million lists', () => safetensors(`{"a":[${'[],'.repeat(1e7)}1]}`), /too many items/],
  ]);

  const { model } = emptyTokenizer;
  const file = (parts: object): string => JSON.stringify({ ...emptyTokenizer, ...parts });
  const text = `${'a'.repeat(64)}b`;
  const used = async (content: string): Promise<void> => {
    const tokenizer = await tokenizerOf(content, 'tokenizer.json');
    tokenizer.decode(tokenizer.encode(text));
  };
  const replace = (pattern: object, content: string): object => ({ type: 'Replace', pattern, content });
  const endless = replace({ Regex: '(a+)+$' }, '');
  const split = (Regex: string): string =>
    file({ pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false } });
  const longer = range(30, () => replace({ String: 'a' }, 'a'.repeat(30)));
  cases('of tokenizers', used, [
    ['30 million openings', () => '['.repeat(30e6), /nested too deeply/],
    ['ten million lists', () => `[${'[],'.repeat(1e7)}1]`, /too many items/],
    ['ten million tokens', () => `{"model":{"vocab":{${'"a":0,'.repeat(1e7)}"b":1}}}`, /too many items/],
    [
      'five million merges',
      () => file({ model: { ...model, merges: Array(5e6).fill(0) } }),
      /too many items/,
    ],
    [
      '50 parts in each other',
      () => file({ normalizer: nested(50, { type: 'Lowercase' }) }),
      /nested too deeply/,
    ],
    [
      '12 parts in each other',
      () => file({ normalizer: nested(12, { type: 'Lowercase' }) }),
      /nested too deeply/,
    ],
    [
      'added tokens of 30 MB',
      () =>
        file({ added_tokens: range(500, (id) => ({ id: id + 2, content: `${id}${'x'.repeat(60_000)}` })) }),
      /added tokens have 3\d{7} characters/,
    ],
    ['an expression that splits', () => split('(a+)+$'), /damaged or hostile/],
    ['an expression that looks behind', () => split('(?<=^x(a|aa)+)b'), /damaged or hostile/],
    ['an expression that normalises', () => file({ normalizer: endless }), /damaged or hostile/],
    [
      'an expression that decodes',
      () =>
        file({
          decoder: endless,
          model: { ...model, vocab: { [text]: 0 }, merges: [] },
          normalizer: null,
          added_tokens: [{ id: 0, content: text }],
        }),
      /damaged or hostile/,
    ],
    ['an expression that is none', () => split('(a'), /Invalid regular expression|Unterminated group/],
    [
      'a text that grows',
      () => file({ normalizer: { type: 'Sequence', normalizers: longer } }),
      /texts endless/,
    ],
    [
      'a text that grows when it is decoded',
      () => file({ decoder: { type: 'Sequence', decoders: longer } }),
      /endless/,
    ],
    [
      'a prefix of 10 MB',
      () => file({ normalizer: { type: 'Prepend', prepend: 'a'.repeat(1e7) } }),
      /endless/,
    ],
    [
      'a template that repeats',
      () =>
        file({
          post_processor: {
            type: 'TemplateProcessing',
            single: range(60_000, () => ({ Sequence: { id: 'A', type_id: 0 } })),
          },
        }),
      /single has 60000 parts/,
    ],
  ]);

  const mamba = { model_type: 'mamba', hidden_size: 8, num_hidden_layers: 1, vocab_size: 16, state_size: 4 };
  const opened = (files: Record<string, string | Uint8Array>): unknown => {
    rmSync(join(folder, 'model'), { recursive: true, force: true });
    for (const [name, content] of Object.entries(files)) write(`model/${name}`, content);
    return openModelFolder(join(folder, 'model'));
  };
  const configured = (config: string) =>
    opened({ 'config.json': config, 'model.safetensors': safetensors('{}') });
  cases('of config.json', configured, [
    ['10 million openings', () => '['.repeat(1e7), /more than 64 deep/],
    ['three million lists', () => `{"x":[${'[],'.repeat(3e6)}1]}`, /more than 1000000 items/],
    ['ten million layers', () => JSON.stringify({ ...mamba, num_hidden_layers: 1e7 }), /num_hidden_layers/],
    ['a width of a billion', () => JSON.stringify({ ...mamba, hidden_size: 1e9 }), /hidden_size/],
    ['a large width', () => JSON.stringify({ ...mamba, hidden_size: 2 ** 24 }), /model\.safetensors/],
  ]);
  const ours = (layers: object[]): string =>
    JSON.stringify({
      model_type: 'ssm-studio',
      ssm_studio: {
        model: { d_model: 8, layers },
        task: { type: 'language-model' },
        data: { length: 8, input: { kind: 'tokens', vocab_size: 16 }, target: { kind: 'next-token' } },
      },
    });
  cases('of our own config.json', configured, [
    ['a billion layers', () => ours([{ mixer: 'mamba', repeat: 1e9 }]), /more than 10000 layers/],
    ['a billion times nothing', () => ours([{ block: [], repeat: 1e9 }]), /more than 10000 layers/],
  ]);
  const jamba = { model_type: 'jamba', hidden_size: 8, num_hidden_layers: 2048, vocab_size: 16 };
  const attention = { num_attention_heads: 1, num_key_value_heads: 1, intermediate_size: 8 };
  cases('of experts', configured, [
    [
      'four million of them',
      () => JSON.stringify({ ...jamba, ...attention, num_experts: 4096, expert_layer_period: 2 }),
      /is missing/,
    ],
  ]);
  const sharded = (index: string) =>
    opened({ 'config.json': JSON.stringify(mamba), 'model.safetensors.index.json': index });
  cases('of shards', sharded, [
    [
      'a million files',
      () => `{"weight_map":{${range(1e6, (i) => `"${i}":"${i}.safetensors"`).join()}}}`,
      /too many items/,
    ],
    [
      '5,000 files',
      () => `{"weight_map":{${range(5000, (i) => `"${i}":"${i}.safetensors"`).join()}}}`,
      /names 5000 files/,
    ],
    ['30 million openings', () => '['.repeat(30e6), /nested too deeply/],
    [
      'a file above',
      () => '{"weight_map":{"a":"../model.safetensors"}}',
      /no file of tensors in this folder/,
    ],
  ]);

  describe('of configs', () => {
    it('a base without an end, or of a gigabyte', async function () {
      if (process.platform === 'win32') this.skip();
      await refused(() => diskReader.read('/dev/zero'), /device or a pipe/);
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      await refused(() => diskReader.read(pipe), /device or a pipe/);
      const large = write('large.ssm.yaml', Buffer.alloc(2 * M, 'a'));
      await refused(() => diskReader.read(large), /too many for a config/);
    });
  });
});
