/**
 * @file `synthetic_samples`: examples of the published generators. Their draws are not reproduced; every row must
 * keep the rules of its task, and the answers that are read from its inputs must be the stored ones.
 */
import type { CaseTensor, GoldenCase } from '../case';
import type { Comparison } from '../compare';
import { MalformedCase } from '../errors';
import { readAssociativeRecall, readCopying, readInductionHead, readMqar, type Reading } from '../layouts';
import { IGNORED } from '../../util/ignored';

/** A tensor's rows, with its meaning in words, where the generator's settings stand. */
interface Table {
  readonly name: string;
  readonly rows: readonly (readonly number[])[];
  /** The number that stands before or behind a word of the meaning. */
  setting(pattern: RegExp): number;
  readonly meaning: string;
}

/** Rows whose answers stand in a second tensor, or in the last column of the same. */
type Reader = (goldenCase: GoldenCase, name: string) => Comparison[];

const mqar: Reader = (goldenCase, name) => {
  const inputs = tableOf(goldenCase, `${name}.inputs`);
  const labels = tableOf(goldenCase, `${name}.labels`);
  const pairs = inputs.setting(/(\d+) pairs/);
  const vocabulary = inputs.setting(/vocab\w* (\d+)/);
  const filler = /random filler/.test(inputs.meaning) ? 'random' : 'zeros';
  return judge(inputs, labels, (row, expected) => {
    const reading = readMqar(row, pairs, vocabulary, filler);
    if ('problem' in reading || filler === 'zeros') return reading;
    // A random filler may repeat a key at an even distance by chance; then only one of the two is asked for.
    const answers = reading.answers.map((answer, at) => (expected[at] === IGNORED ? IGNORED : answer));
    const asked = answers.filter((answer) => answer !== IGNORED);
    return asked.length === pairs && new Set(asked).size === pairs
      ? { answers }
      : { problem: 'not every key is asked for once' };
  });
};

const inductionHead: Reader = (goldenCase, name) => {
  const ids = tableOf(goldenCase, `${name}.ids`);
  const trigger = ids.setting(/trigger id (\d+)/);
  const highest = ids.setting(/vocabulary (\d+)/) - 1;
  return judge(front(ids), back(ids), (row, expected) => {
    if (row.some((id) => id < 0 || id > highest)) return { problem: 'an id is outside of the vocabulary' };
    return expected[0] === trigger
      ? { problem: 'the answer is the trigger' }
      : readInductionHead(row, trigger);
  });
};

const associativeRecall: Reader = (goldenCase, name) => {
  const ids = tableOf(goldenCase, `${name}.ids`);
  const vocabulary = ids.setting(/vocabulary (\d+)/);
  return judge(front(ids), back(ids), (row) => readAssociativeRecall(row, vocabulary));
};

const copying =
  (scattered: boolean): Reader =>
  (goldenCase, name) => {
    const [x, y] = [tableOf(goldenCase, `${name}.x`), tableOf(goldenCase, `${name}.y`)];
    const marker = x.setting(/markers? \(?(\d+)/);
    return judge(x, y, (row, expected) =>
      row.at(-1) === marker
        ? readCopying(row, expected.length, scattered)
        : { problem: `the last token is ${row.at(-1)}, not the marker ${marker}` },
    );
  };

const readers: Readonly<Record<string, Reader>> = {
  mqar_small: mqar,
  mqar_random: mqar,
  induction_head: inductionHead,
  assoc_recall: associativeRecall,
  copying: copying(false),
  selective_copying: copying(true),
};

export async function syntheticSamples(goldenCase: GoldenCase): Promise<Comparison[]> {
  const names = new Set(goldenCase.under('output.').map((name) => name.split('.')[0]!));
  // Tensors of an unknown task stay unread, which the runner reports as a failure.
  return [...names].flatMap((name) => readers[name]?.(goldenCase, `output.${name}`) ?? []);
}

function tableOf(goldenCase: GoldenCase, name: string): Table {
  const tensor: CaseTensor = goldenCase.tensor(name);
  const [rows, columns] = goldenCase.shape(name, 2) as [number, number];
  if (!(tensor.values instanceof Int32Array)) throw new MalformedCase(`${name} must hold integers`);
  const listed = goldenCase.meaning(name);
  return {
    name,
    meaning: listed,
    rows: Array.from({ length: rows }, (_, row) =>
      Array.from(tensor.values.subarray(row * columns, (row + 1) * columns)),
    ),
    setting(pattern) {
      const found = pattern.exec(listed)?.[1];
      if (found === undefined)
        throw new MalformedCase(`the meaning of ${name} does not say ${pattern.source}`);
      return Number(found);
    },
  };
}

const columns = (table: Table, from: number, to?: number): Table => ({
  ...table,
  rows: table.rows.map((row) => row.slice(from, to)),
});
const front = (table: Table): Table => columns(table, 0, -1);
const back = (table: Table): Table => columns(table, -1);

/** One comparison for the inputs, whether they keep the rules, and one for the answers. */
function judge(
  inputs: Table,
  answers: Table,
  read: (row: readonly number[], expected: readonly number[]) => Reading,
): Comparison[] {
  const problems: string[] = [];
  let outside = 0;
  let entries = 0;
  for (const [index, row] of inputs.rows.entries()) {
    const expected = answers.rows[index] ?? [];
    const reading = read(row, expected);
    entries += expected.length;
    if ('problem' in reading) {
      problems.push(`row ${index}: ${reading.problem}`);
      outside += expected.length;
    } else {
      const length = Math.max(expected.length, reading.answers.length);
      for (let at = 0; at < length; at++) outside += Number(expected[at] !== reading.answers[at]);
    }
  }
  const measures = { maxError: 0, maxValue: 0 };
  const rule = {
    ...measures,
    name: inputs.name,
    rule: 'the layout of the task',
    entries: inputs.rows.length,
    outside: problems.length,
    agrees: problems.length === 0,
    ...(problems.length > 0 ? { problem: problems[0]! } : {}),
  };
  const derived = {
    ...measures,
    name: answers.name,
    rule: 'equal to the answers read from the inputs',
    entries,
    outside,
    agrees: outside === 0 && inputs.rows.length === answers.rows.length,
  };
  if (inputs.name !== answers.name) return [rule, derived];
  return [{ ...derived, ...rule, agrees: rule.agrees && derived.agrees, outside: outside + problems.length }];
}
