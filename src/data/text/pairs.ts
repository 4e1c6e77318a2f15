/** @file Two texts with a label: do they belong together? (Long Range Arena's retrieval task, AAN.) */
import * as z from 'zod';
import { columnOf, parseCsv, parseTsv } from '../tables/csv';
import { defineData, type DataShape } from '../define';
import { fileOptions, readItems, shareOptions } from '../kept-apart';
import { classedDataset, namedTwice, numbersOf, shareProblems } from '../stored';
import { byteLabel } from '../../tokenizers';
import { textOf } from './decode';
import type { TextFile } from './files';

const NAME = 'text-pairs';
const PADDING = 256;

const options = z.strictObject({
  ...fileOptions(
    'text',
    'Tables with a pair of texts per row: tab-separated values (.tsv), in which quotation marks are letters, or CSV.',
  ),
  header: z
    .boolean()
    .default(true)
    .describe('Whether the files begin with the names of their columns; if not, they are 1, 2, 3, …'),
  first: z.string().min(1).default('text1').describe('Column of the first text.'),
  second: z.string().min(1).default('text2').describe('Column of the second text.'),
  label: z.string().min(1).default('label').describe('Column of the class of the pair.'),
  classes: z
    .array(z.string().min(1))
    .min(2)
    .default(['0', '1'])
    .describe('All classes that there are, as they are written.'),
  document_length: z
    .int()
    .min(1)
    .max(2 ** 19)
    .default(1024)
    .describe('Bytes of each text: longer ones are cut, shorter ones padded. Long Range Arena: 4000.')
    .meta({ symbol: 'L' }),
  ...shareOptions('pairs'),
});

type Options = z.output<typeof options>;

const shape = ({ document_length, classes }: Options): DataShape => ({
  length: 2 * document_length,
  input: { kind: 'tokens', vocab_size: PADDING + 1, padding: PADDING, documents: 2 },
  target: { kind: 'class', classes: classes.length },
});

export const textPairs = defineData({
  name: NAME,
  title: 'Pairs of texts',
  summary: 'Two texts and whether they belong together; both are read by the same layers, byte by byte.',
  description:
    'One pair per row of a table. Both texts go through the same layers, each by itself; what they became is pooled ' +
    'and compared: [x₁, x₂, x₁ ⊙ x₂, x₁ − x₂], one hidden layer, the classes. Bytes are tokens; 256 pads on the right: ' +
    'pooling leaves it out, and layers that look ahead do not see it. Which pairs validate and test is drawn once, ' +
    'alike for every seed.\n\n' +
    'This is the retrieval task of Long Range Arena (arXiv 2011.04006) with its files of the ACL Anthology Network: ' +
    '`files: [new_aan_pairs.train.tsv]`, `test_files: [new_aan_pairs.test.tsv]`, `header: false`, `label: "1"`, ' +
    '`first: "4"`, `second: "5"`, `document_length: 4000` and `classes` as the files write them: ' +
    'Transformer 57.5 %, S4D-LegS 89.5 %.',
  options,
  check: (given) => [...shareProblems(given, 0.1), ...namedTwice('classes', given.classes)],
  shape,
  async open(given, context) {
    const found = await readItems(NAME, given, context, 'pairs', (file) => pairsOf(file, given));
    const { document_length } = given;
    return classedDataset<Pair>({
      ...found,
      name: NAME,
      shape: shape(given),
      seed: context.seed,
      classes: given.classes,
      write({ texts }, inputs) {
        inputs.fill(PADDING);
        texts.forEach((bytes, i) => inputs.set(bytes, i * document_length));
      },
      label: (id) => (id === PADDING ? '·' : byteLabel(id)),
    });
  },
});

interface Pair {
  readonly texts: readonly [Uint8Array, Uint8Array];
  readonly label: number;
}

function pairsOf({ path, content }: TextFile, given: Options): Pair[] {
  const text = textOf({ path, content });
  const table = /\.tsv$/i.test(path)
    ? parseTsv(text, path, given.header)
    : parseCsv(text, path, given.header);
  const [first, second, labelled] = (['first', 'second', 'label'] as const).map((option) =>
    columnOf(table, given[option], path, [option]),
  ) as [number, number, number];
  const numberOf = numbersOf(given.classes);
  const encoder = new TextEncoder();
  return table.rows.map((row, i) => {
    const label = numberOf(row[labelled]!.trim(), `${path}: row ${i + 1} has the label`);
    const bytes = (column: number): Uint8Array =>
      encoder.encode(row[column]!).subarray(0, given.document_length);
    return { texts: [bytes(first), bytes(second)], label };
  });
}
