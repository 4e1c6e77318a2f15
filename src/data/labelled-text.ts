/** @file Texts with a label each, from JSON Lines or CSV: classify the bytes (the text task of Long Range Arena). */
import * as z from 'zod';
import { columnOf, parseCsv } from './csv';
import { DataError, defineData, type DataShape } from './define';
import { filesDigest } from './digest';
import { countsOf, shareProblems, splitItems, storedDataset } from './stored';
import { byteLabel } from '../tokenizers';
import { readTextFiles } from './text/files';

const NAME = 'labelled-text';
const PADDING = 256;

const options = z.strictObject({
  files: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .describe(
      'Files with one text per line as JSON (.jsonl, .ndjson), or tables with a header line (.csv, .tsv).',
    )
    .meta({ path: 'text' }),
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
  validation: z.number().gt(0).lt(1).default(0.1).describe('Share of the texts that validates.'),
  test: z.number().min(0).lt(1).default(0.1).describe('Share of the texts that tests.'),
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
    'One example per line of JSON Lines or row of a table. Bytes are tokens, 256 pads on the right and is left out ' +
    'of pooling. Which texts validate and test is drawn once, alike for every seed.\n\n' +
    'This is the text task of Long Range Arena (arXiv 2011.04006) when the reviews of IMDB are given at length 4096: ' +
    'Transformer 64.3 %, S4 86.8 %, S4D-LegS 86.2 %.',
  options,
  check: (given) => shareProblems(given, 0.1),
  shape,
  async open(given, context) {
    const files = await readTextFiles(given.files, context);
    const items = files.flatMap(({ path, content }) =>
      readItems(new TextDecoder().decode(content), path, given),
    );
    const splits = splitItems(NAME, items.length, given, 'texts');
    return storedDataset({
      name: NAME,
      shape: shape(given),
      hash: filesDigest(NAME, given, files),
      seed: context.seed,
      counts: countsOf(splits),
      example(split, index, inputs, targets) {
        const { bytes, label } = items[splits[split][index]!]!;
        inputs.fill(PADDING);
        inputs.set(bytes);
        targets[0] = label;
      },
      label: (id) => (id === PADDING ? '·' : byteLabel(id)),
      targetLabel: (id) => given.classes[id] ?? String(id),
    });
  },
});

interface Item {
  readonly bytes: Uint8Array;
  readonly label: number;
}

function readItems(text: string, path: string, given: Options): Item[] {
  const classes = new Map(given.classes.map((name, id) => [name, id]));
  const itemOf = (written: unknown, named: unknown, place: string): Item => {
    if (typeof written !== 'string') {
      throw new DataError(`${place} has no text under ${given.text}.`, ['text']);
    }
    const name = typeof named === 'string' ? named : JSON.stringify(named ?? null);
    const label = classes.get(name);
    if (label === undefined) {
      throw new DataError(`${place} has the label ${name}, which is not among the classes.`, ['classes']);
    }
    return { bytes: new TextEncoder().encode(written).subarray(0, given.length), label };
  };
  if (/\.[ct]sv$/i.test(path)) {
    const table = parseCsv(text, path);
    const [at, to] = [
      columnOf(table, given.text, path, ['text']),
      columnOf(table, given.label, path, ['label']),
    ];
    return table.rows.map((row, i) => itemOf(row[at], row[to], `${path}: row ${i + 1}`));
  }
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const place = `${path}:${i + 1}`;
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw new DataError(`${place} is not JSON. A file of texts holds one JSON object per line.`, ['files']);
    }
    if (json === null || typeof json !== 'object')
      throw new DataError(`${place} is no JSON object.`, ['files']);
    const record = json as Record<string, unknown>;
    return [itemOf(record[given.text], record[given.label], place)];
  });
}
