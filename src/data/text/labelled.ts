/** @file Texts with a label each, from JSON Lines, CSV or folders: classify the bytes (Long Range Arena's text task). */
import { basename, dirname } from 'node:path';
import * as z from 'zod';
import { excessOf } from '../../formats/json-size';
import { columnOf, parseCsv } from '../tables/csv';
import { DataError, defineData, type DataShape } from '../define';
import { fileOptions, readItems, shareOptions } from '../kept-apart';
import { classedDataset, namedTwice, numbersOf, shareProblems } from '../stored';
import { byteLabel } from '../../tokenizers';
import { textOf } from './decode';
import type { TextFile } from './files';

const NAME = 'labelled-text';
const PADDING = 256;

const options = z.strictObject({
  ...fileOptions(
    'text',
    'Files with one text per line as JSON (.jsonl, .ndjson), tables with a header line (.csv, .tsv), or one text ' +
      'per file (.txt) whose folder is its label.',
  ),
  text: z.string().min(1).default('text').describe('Key or column of the text.'),
  label: z.string().min(1).default('label').describe('Key or column of the label.'),
  classes: z.array(z.string()).min(2).describe('All labels that there are, as they are written.'),
  length: z
    .int()
    .min(1)
    .max(2 ** 20)
    .default(1024)
    .describe('Bytes of an example: longer texts are cut, shorter ones padded. Long Range Arena: 4096.')
    .meta({ symbol: 'L' }),
  ...shareOptions('texts'),
});

type Options = z.output<typeof options>;

const shape = ({ length, classes }: Options): DataShape => ({
  length,
  input: { kind: 'tokens', vocab_size: PADDING + 1, padding: PADDING },
  target: { kind: 'class', classes: classes.length },
});

export const labelledText = defineData({
  name: NAME,
  title: 'Labelled text',
  summary: 'Texts with a class each, read byte by byte.',
  description:
    'One example per line of JSON Lines, row of a table, or text file. Bytes are tokens, 256 pads on the right: ' +
    'pooling leaves it out, and layers that look ahead do not see it. Which texts validate and test is drawn once, alike for every seed.\n\n' +
    'This is the text task of Long Range Arena (arXiv 2011.04006) when the reviews of IMDB are given at length 4096, ' +
    'with `files: [aclImdb/train/{pos,neg}/*.txt]`, `test_files: [aclImdb/test/{pos,neg}/*.txt]` and ' +
    '`classes: [neg, pos]`: ' +
    'Transformer 64.3 %, S4 86.8 %, S4D-LegS 86.2 %.',
  options,
  check: (given) => [...shareProblems(given, 0.1), ...namedTwice('classes', given.classes)],
  shape,
  async open(given, context) {
    const found = await readItems(NAME, given, context, 'texts', (file) => itemsOf(file, given));
    return classedDataset<Item>({
      ...found,
      name: NAME,
      shape: shape(given),
      seed: context.seed,
      classes: given.classes,
      write({ bytes }, inputs) {
        inputs.fill(PADDING);
        inputs.set(bytes);
      },
      label: (id) => (id === PADDING ? '·' : byteLabel(id)),
    });
  },
});

interface Item {
  readonly bytes: Uint8Array;
  readonly label: number;
}

function itemsOf({ path, content }: TextFile, given: Options): Item[] {
  const numberOf = numbersOf(given.classes);
  const itemOf = (bytes: Uint8Array, name: string, place: string): Item => ({
    bytes: bytes.subarray(0, given.length),
    label: numberOf(name, `${place} has the label`),
  });
  if (/\.txt$/i.test(path)) return [itemOf(content, basename(dirname(path)), path)];
  const text = textOf({ path, content });
  const encoded = (written: string): Uint8Array => new TextEncoder().encode(written);
  if (/\.[ct]sv$/i.test(path)) {
    const table = parseCsv(text, path);
    const [at, to] = [
      columnOf(table, given.text, path, ['text']),
      columnOf(table, given.label, path, ['label']),
    ];
    return table.rows.map((row, i) => itemOf(encoded(row[at]!), row[to]!, `${path}: row ${i + 1}`));
  }
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const place = `${path}:${i + 1}`;
    const record = recordOf(line, place);
    const written = record[given.text];
    if (typeof written !== 'string') {
      throw new DataError(`${place} has no text under ${given.text}.`, ['text']);
    }
    if (!Object.hasOwn(record, given.label)) {
      const keys = Object.keys(record).slice(0, 20).join(', ');
      throw new DataError(`${place} has no key ${given.label}; it has ${keys}.`, ['label']);
    }
    const named = record[given.label];
    return [
      itemOf(encoded(written), typeof named === 'string' ? named : JSON.stringify(named ?? null), place),
    ];
  });
}

/** No record of a text comes near them. */
const LIMITS = { depth: 64, items: 100_000 };

function recordOf(line: string, place: string): Record<string, unknown> {
  let json: unknown;
  const excess = excessOf(line, LIMITS);
  if (excess) throw new DataError(`${place}: ${excess.problem}.`, ['files']);
  try {
    json = JSON.parse(line);
  } catch {
    throw new DataError(`${place} is not JSON. A file of texts holds one JSON object per line.`, ['files']);
  }
  if (json === null || typeof json !== 'object')
    throw new DataError(`${place} is no JSON object.`, ['files']);
  return json as Record<string, unknown>;
}
