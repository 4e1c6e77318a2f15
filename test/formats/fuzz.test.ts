/** @file Damaged files: every reader either reads or refuses in its own words, at once, and without much memory. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readBatch } from '../../src/data/images/cifar/batches';
import { parseCsv } from '../../src/data/tables/csv';
import { parseGretl } from '../../src/data/tables/gretl';
import { readWav } from '../../src/data/audio/wav';
import { openGguf } from '../../src/formats/gguf';
import { parsePythonJson } from '../../src/formats/python-json';
import { decodeLzma2 } from '../../src/formats/lzma';
import { readNpy, readNpz } from '../../src/formats/npy';
import { readRData } from '../../src/formats/r-data';
import { PngError, readPng, sizeOfPng } from '../../src/formats/png';
import { openSafetensors } from '../../src/formats/safetensors';
import { arraySource } from '../../src/formats/source';
import { elementsOf, type TensorFile } from '../../src/formats/tensor-file';
import { openTorch } from '../../src/formats/torch';
import { buildModel, fromConfig } from '../../src/models';
import { shardsOf } from '../../src/runtime/checkpoint/shards';
import { parseTokenizerFile } from '../../src/tokenizers/file';
import { tokenizerOfGguf } from '../../src/tokenizers/gguf';
import { Random } from '../../src/util/random';
import { pickle } from '../data/cifar-writer';
import { npy, zip } from '../data/npy-writer';
import * as r from '../data/r-writer';
import { wav } from '../data/wav-writer';
import { chunk, header, pixels, png, repaired } from './png-writer';
import { packedNumbers, plainNumbers } from './packed';

const golden = resolve(__dirname, '../golden');
const read = (...path: string[]): Uint8Array => readFileSync(join(...path));

interface Reader {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly rounds: number;
  /** Bytes at the beginning, and at the end, where damage is done. */
  readonly head: number;
  readonly tail: number;
  open(bytes: Uint8Array): void;
  /** Names of errors that are refusals. */
  readonly refusals: readonly string[];
}

/** Reads everything that is not large. */
function readAll({ tensors }: TensorFile): void {
  for (const { shape, read: into } of tensors.values()) {
    if (elementsOf(shape) < 4096) into(new Float32Array(elementsOf(shape)));
  }
}

const plain = plainNumbers().length;
const encode = (written: string): Uint8Array => new TextEncoder().encode(written);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const small = readdirSync(join(golden, 'safetensors-headers')).filter((name) =>
  name.endsWith('.safetensors'),
);

const readers: readonly Reader[] = [
  {
    name: 'safetensors',
    seeds: [
      ...small.map((name) => read(golden, 'safetensors-headers', name)),
      read(golden, 'hf-mamba2-tiny', 'model.safetensors').subarray(0, 6000),
    ],
    rounds: 14_000,
    head: 6000,
    tail: 0,
    open: (bytes) => readAll(openSafetensors(arraySource(bytes))),
    refusals: ['SafetensorsError'],
  },
  {
    name: 'GGUF',
    seeds: [read(golden, 'gguf-mamba2-tiny', 'model-f16.gguf')],
    rounds: 8000,
    head: 12_000,
    tail: 0,
    open: (bytes) => readAll(openGguf(arraySource(bytes))),
    refusals: ['GgufError'],
  },
  {
    name: 'pytorch_model.bin',
    seeds: [read(__dirname, 'fixtures', 'state-dict.bin'), read(__dirname, 'fixtures', 'training.bin')],
    rounds: 9000,
    head: 4000,
    tail: 2500,
    open: (bytes) => readAll(openTorch(arraySource(bytes))),
    refusals: ['TorchError', 'ZipError', 'PickleError'],
  },
  {
    name: 'pickles of NumPy',
    seeds: [pickle(0, 2, 2), pickle(0, 2, 3)],
    rounds: 6000,
    head: 400,
    tail: 20,
    open: (bytes) => void readBatch({ path: 'batch', content: bytes }),
    refusals: ['DataError'],
  },
  {
    name: 'data of R',
    seeds: [
      r.workspace(
        {
          a: r.doubles([1, 2, 3, 4], { dim: r.integers([2, 2]), dimnames: r.strings('x', 'y') }),
          b: r.list({ c: r.integers([1, 2]), d: r.strings('one', 'two') }),
        },
        3,
      ),
      r.serialized(r.doubles([1, 2], { tsp: r.doubles([1, 2, 1]) })),
    ],
    rounds: 9000,
    head: 600,
    tail: 0,
    open: (bytes) => void readRData(bytes),
    refusals: ['RDataError'],
  },
  {
    name: 'arrays of NumPy',
    seeds: [npy([1, 2, 3, 4, 5, 6], [3, 2], 'f8', { fortran: true }), npy([1, 2], [1, 2, 1], 'u1')],
    rounds: 6000,
    head: 140,
    tail: 0,
    open: (bytes) => void readNpy(bytes),
    refusals: ['NpyError'],
  },
  {
    name: 'zips of arrays of NumPy',
    seeds: [0, 8].map((how) => zip({ 'a.npy': npy([1, 2], [2]), 'b.npy': npy([3], [1], 'u1') }, how)),
    rounds: 6000,
    head: 300,
    tail: 150,
    open(bytes) {
      for (const open of readNpz(bytes).values()) open();
    },
    refusals: ['NpyError', 'ZipError'],
  },
  {
    name: 'PNG',
    seeds: [false, true].map((interlaced) =>
      png(
        header(5, 5, { interlaced, colours: 3 }),
        chunk(
          'PLTE',
          Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
        ),
        chunk('tRNS', Uint8Array.of(0, 128)),
        pixels(Uint8Array.from({ length: interlaced ? 40 : 30 }, (_, i) => (i % 6 ? i % 4 : i % 5))),
      ),
    ),
    rounds: 6000,
    head: 160,
    tail: 0,
    open(bytes) {
      const size = sizeOfPng(bytes);
      if (size && size.width <= 64 && size.height <= 64) readPng(repaired(bytes));
      else throw new PngError('of another size');
    },
    refusals: ['PngError'],
  },
  {
    name: 'CSV',
    seeds: [encode('a,b\n1,"x ""y"" z"\n2,\n'), encode('\uFEFFa;b;c\r\n1;2;3\r\n4;"5\n6";7')],
    rounds: 4000,
    head: 60,
    tail: 0,
    open: (bytes) => void parseCsv(text(bytes), 'a.csv'),
    refusals: ['DataError'],
  },
  {
    name: 'gretl',
    seeds: [
      encode(
        '<?xml version="1.0"?><gretldata version="1.4" type="time-series"><variables count="2">' +
          '<variable name="a"/><variable name="b" label="x"></variable></variables>' +
          '<observations count="2"><obs label="1">1 2</obs><obs>3 NA</obs></observations></gretldata>',
      ),
    ],
    rounds: 4000,
    head: 300,
    tail: 0,
    open: (bytes) => void parseGretl(text(bytes), 'a.gdt'),
    refusals: ['DataError'],
  },
  {
    name: 'index of shards',
    seeds: [encode('{"metadata":{"total_size":8},"weight_map":{"a":"model-1.safetensors","b":"m.bin"}}')],
    rounds: 3000,
    head: 100,
    tail: 0,
    open: (bytes) => void shardsOf(text(bytes)),
    refusals: ['Error', 'SyntaxError'],
  },
  {
    name: 'tokenizer of GGUF',
    seeds: [read(golden, 'gguf-mamba2-tiny', 'model-f16.gguf')],
    rounds: 2000,
    head: 12_000,
    tail: 0,
    open: (bytes) => void tokenizerOfGguf(openGguf(arraySource(bytes)).keys),
    refusals: ['GgufError', 'TokenizerError'],
  },
  {
    name: 'LZMA2',
    seeds: [packedNumbers()],
    rounds: 3000,
    head: 4000,
    tail: 3500,
    open: (bytes) => void decodeLzma2(bytes, plain),
    refusals: ['LzmaError'],
  },
  {
    name: 'WAV',
    seeds: [
      wav([0, 0.5, -0.5], { bits: 24, channels: 2 }),
      wav([0, 0.5], { bits: 32, float: true, extensible: true }),
    ],
    rounds: 8000,
    head: 120,
    tail: 0,
    open: (bytes) => void readWav(bytes, 1000),
    refusals: ['WavError'],
  },
  {
    name: 'config.json',
    seeds: ['hf-mamba-tiny', 'hf-mamba2-tiny', 'statespaces-mamba2-tiny'].map((name) =>
      read(golden, name, 'config.json'),
    ),
    rounds: 8000,
    head: 2000,
    tail: 0,
    open(bytes) {
      const { model, vocab_size } = fromConfig(parsePythonJson(text(bytes)));
      const data = {
        length: 8,
        input: { kind: 'tokens', vocab_size } as const,
        target: { kind: 'next-token' } as const,
      };
      buildModel({ model, task: { type: 'language-model' }, data });
    },
    refusals: ['ForeignModelError', 'SyntaxError', 'ModelError'],
  },
  {
    name: 'tokenizer.json',
    seeds: [read(golden, 'hf-mamba-tiny', 'tokenizer.json')],
    rounds: 4000,
    head: 6000,
    tail: 0,
    open: (bytes) => void parseTokenizerFile(text(bytes)),
    refusals: ['TokenizerError'],
  },
];

const NUMBERS = [0, 1, 0x7f, 0x80, 0xff];
const WORDS = [
  '-1',
  '1e99',
  '99999999999999999999',
  '""',
  'null',
  '[]',
  '{}',
  'NaN',
  '../',
  '\\u0000',
  '\ud800',
];

/** One to four damages: bytes changed, removed, repeated, words put in, the end cut off. */
function damaged(seed: Uint8Array, random: Random, { head, tail }: Reader): Uint8Array {
  let bytes = Uint8Array.from(seed);
  const place = (): number => {
    const from = tail > 0 && random.uniform() < 0.5 ? Math.max(0, bytes.length - tail) : 0;
    const width = Math.min(from > 0 ? tail : head, bytes.length - from);
    return from + random.integer(Math.max(1, width));
  };
  const splice = (at: number, remove: number, put: Uint8Array): void => {
    const next = new Uint8Array(Math.max(0, bytes.length - remove) + put.length);
    next.set(bytes.subarray(0, at));
    next.set(put, at);
    next.set(bytes.subarray(Math.min(bytes.length, at + remove)), at + put.length);
    bytes = next;
  };
  for (let count = 1 + random.integer(4); count > 0; count--) {
    if (bytes.length === 0) break;
    const at = place();
    switch (random.integer(7)) {
      case 0:
        bytes[at] = random.integer(256);
        break;
      case 1:
        bytes[at] = bytes[at]! ^ (1 << random.integer(8));
        break;
      case 2:
        bytes.fill(
          NUMBERS[random.integer(NUMBERS.length)]!,
          at,
          Math.min(bytes.length, at + 1 + random.integer(8)),
        );
        break;
      case 3:
        splice(at, Math.min(bytes.length - at, 1 + random.integer(16)), new Uint8Array());
        break;
      case 4:
        splice(at, 0, bytes.slice(at, at + 1 + random.integer(32)));
        break;
      case 5:
        splice(
          at,
          Math.min(bytes.length - at, random.integer(4)),
          new TextEncoder().encode(WORDS[random.integer(WORDS.length)]!),
        );
        break;
      default:
        bytes = bytes.slice(0, random.integer(bytes.length + 1));
    }
  }
  return bytes;
}

describe('damaged files', function () {
  this.timeout(240_000);

  it('are 50,000 and more', () => {
    assert.ok(readers.reduce((total, { rounds }) => total + rounds, 0) >= 50_000);
  });

  for (const reader of readers) {
    it(`${reader.name}: ${reader.rounds} are read or refused`, () => {
      let refused = 0;
      let slowest = 0;
      const before = process.memoryUsage().arrayBuffers;
      for (let round = 0; round < reader.rounds; round++) {
        const seed = reader.seeds[round % reader.seeds.length]!;
        const bytes = damaged(seed, new Random(11, reader.name, round), reader);
        const began = process.cpuUsage();
        try {
          reader.open(bytes);
        } catch (error) {
          const { name, message } = error as Error;
          assert.ok(reader.refusals.includes(name), `round ${round}: ${name}: ${(error as Error).stack}`);
          assert.ok(
            message.length > 10 && message.length < 2000,
            `round ${round}: a message of ${message.length}`,
          );
          refused++;
        }
        slowest = Math.max(slowest, process.cpuUsage(began).user / 1000);
      }
      assert.ok(refused > reader.rounds / 10, `${refused} were refused`);
      assert.ok(slowest < 1000, `one took ${slowest} ms of processor time`);
      const grown = process.memoryUsage().arrayBuffers - before;
      assert.ok(grown < 512 * 1024 * 1024, `${grown} bytes are held`);
    });
  }
});
