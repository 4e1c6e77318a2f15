/** @file Text files as a language-modelling data set: predict the next byte. */
import * as z from 'zod';
import { Random } from '../../util/random';
import { DataError, defineData, type Batch, type DataShape } from '../define';
import { dataDigest } from '../digest';
import { BYTE_VOCABULARY, vocabularySize } from '../../tokenizers';
import { codingOf } from './coding';
import { unigramBits } from './bytes';
import { notShipped, readTextFiles } from './files';
import { splitText } from './split';

const NAME = 'text';

const options = z.strictObject({
  files: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .describe(
      'Text files: paths or patterns such as data/*.txt and **/*.md, from the folder of the config; bundled:moby-dick.txt is a novel that ships with SSM Studio.',
    )
    .meta({ path: 'text' }),
  tokenizer: z
    .union([z.enum(['bytes']), z.string().min(1).max(4096)])
    .default('bytes')
    .describe(
      'What a token is: bytes, so a vocabulary of 256; or the path of a tokenizer.json or of a GGUF file with its own.',
    )
    .meta({ path: 'json' }),
  vocab_size: z
    .int()
    .min(1)
    .max(2 ** 20)
    .optional()
    .describe('Ids of the tokenizer.json, as many as it has (default) or more; not for bytes.'),
  context: z
    .int()
    .min(1)
    .max(2 ** 24)
    .default(256)
    .describe('Tokens of one example.')
    .meta({ symbol: 'L' }),
  validation: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.1)
    .describe('Share of each file, from its end, that validates and is never trained on.'),
});

type Options = z.output<typeof options>;

const shape = ({ context, vocab_size }: Options): DataShape => ({
  length: context,
  input: { kind: 'tokens', vocab_size: vocab_size ?? BYTE_VOCABULARY },
  target: { kind: 'next-token' },
});

export const text = defineData({
  name: NAME,
  title: 'Text',
  summary: 'Text files of your own, or the one that ships; predict the next byte or token.',
  description:
    'The first part of every file trains, the last `validation` share validates; each part of all files is one ' +
    'stream. Training examples are windows of `context` bytes from random places, anew at every step; validation ' +
    'windows lie side by side, so that every byte is predicted once, and are taken in a fixed mixed order. Any ' +
    'encoding will do, as bytes are read as they are. With a tokenizer.json the windows are of its tokens, and ' +
    '`bits_per_byte` counts the bytes that they stand for, so that runs with different tokenizers can be compared.\n\n' +
    'Beside the loss stands the cost of the validation bytes under the byte frequencies of the training part ' +
    '(`unigram_bits_per_byte`): what is reached without any context.',
  options,
  check: ({ files, tokenizer, vocab_size }) => {
    const unknown = notShipped(files);
    if (unknown) return [{ path: ['files', unknown.index], message: unknown.message }];
    const bytes = tokenizer === 'bytes';
    if (bytes === (vocab_size === undefined)) return [];
    const message = bytes
      ? `\`vocab_size\` is ${BYTE_VOCABULARY} for bytes; leave it out, or name a tokenizer.json.`
      : `\`vocab_size\` is taken from the tokenizer.json, but there is none to read: correct its path, or give the number of its ids.`;
    return [{ path: bytes ? ['vocab_size'] : ['tokenizer'], message }];
  },
  shape,
  derive({ tokenizer, vocab_size }, pathOf): Record<string, number> {
    if (vocab_size !== undefined || typeof tokenizer !== 'string' || tokenizer === 'bytes') return {};
    const path = pathOf(tokenizer);
    const size = path === undefined ? undefined : vocabularySize(path);
    return size === undefined ? {} : { vocab_size: size };
  },
  async open(given, context) {
    const files = await readTextFiles(given.files, context);
    const parts = splitText(
      files.map(({ content }) => content),
      given.validation,
    );
    const coding = await codingOf(given, context.baseDir);
    const train = coding.encode(parts.train);
    const validation = coding.encode(parts.validation);
    const length = given.context;
    checkLengths(coding.unit, train.length, validation.length, length);

    const window = (from: Uint8Array | Int32Array, batch: Batch, row: number, start: number): void => {
      batch.inputs.set(from.subarray(start, start + length), row * length);
      batch.targets.set(from.subarray(start + 1, start + 1 + length), row * length);
    };
    const newBatch = (size: number): Batch => ({
      inputs: new Int32Array(size * length),
      targets: new Int32Array(size * length),
      size,
    });
    const places = train.length - length;
    // Independent of the seed, so that runs with different seeds are compared on the same text.
    const heldOutOrder = new Random(0, NAME, 'validation').permutation(
      Math.floor((validation.length - 1) / length),
    );

    const { validation: share } = given;
    return {
      shape: shape(given),
      hash: dataDigest(
        NAME,
        { tokenizer: coding.identity, context: length, validation: share },
        files.map(({ content }) => content),
      ),
      trainBatch(step, batchSize) {
        const random = new Random(context.seed, NAME, 'train', step);
        const batch = newBatch(batchSize);
        for (let row = 0; row < batchSize; row++) window(train, batch, row, random.integer(places));
        return batch;
      },
      count: (split) => (split === 'validation' ? heldOutOrder.length : 0),
      heldOut(split, start, size) {
        const count = split === 'validation' ? heldOutOrder.length : 0;
        if (start < 0 || size < 0 || start + size > count) {
          throw new RangeError(`windows ${start} … ${start + size - 1} of ${count} do not exist`);
        }
        const batch = newBatch(size);
        for (let row = 0; row < size; row++) {
          window(validation, batch, row, heldOutOrder[start + row]! * length);
        }
        return batch;
      },
      label: coding.label,
      ...(coding.file ? { tokenizer: coding.file } : {}),
      targetLabel: coding.label,
      facts: {
        bytes_per_token: parts.validation.length / validation.length,
        unigram_bits_per_byte: unigramBits(parts.train, parts.validation),
      },
    };
  },
});

/** A window needs its tokens and one more, the target of the last. */
function checkLengths(unit: string, train: number, validation: number, context: number): void {
  if (Math.min(train, validation) > context) return;
  const longest = Math.min(train, validation) - 1;
  const part = train < validation ? 'training' : 'validation';
  const advice = longest < 1 ? 'Add text' : `Lower context to at most ${longest}, or add text`;
  const more = part === 'validation' ? ', or raise validation' : ', or lower validation';
  throw new DataError(
    `The text is too short for context ${context}: it has ${train} ${unit} to train and ${validation} to validate, ` +
      `and the ${part} part must have at least ${context + 1}. ${advice}${more}.`,
    ['context'],
  );
}
