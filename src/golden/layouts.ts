/**
 * @file The published layouts of the synthetic tasks, read backwards: from one example to what is wrong with it and
 * to the answers that it asks for. Written apart from the generators, to check them and the authors' samples alike.
 */
import { IGNORED } from '../util/ignored';

type Ids = ArrayLike<number>;

/** What an example asks for; or the first rule that it breaks. */
export type Reading = { readonly answers: readonly number[] } | { readonly problem: string };

const problem = (text: string): Reading => ({ problem: text });
const outside = (ids: Ids, low: number, high: number): number =>
  Array.from(ids).findIndex((id) => id < low || id > high);

/**
 * Multi-query associative recall (Zoology): pairs first; behind them every key once, at an even distance.
 * @returns an answer per position, IGNORED where nothing is asked
 */
export function readMqar(ids: Ids, pairs: number, vocabulary: number, filler: 'zeros' | 'random'): Reading {
  const half = Math.floor(vocabulary / 2);
  const values = new Map<number, number>();
  for (let i = 0; i < pairs; i++) {
    const [key, value] = [ids[2 * i]!, ids[2 * i + 1]!];
    if (key < 1 || key >= half) return problem(`position ${2 * i} holds ${key}, not a key`);
    if (value < half || value >= vocabulary)
      return problem(`position ${2 * i + 1} holds ${value}, not a value`);
    if (values.has(key)) return problem(`the key ${key} stands twice`);
    if ([...values.values()].includes(value)) return problem(`the value ${value} stands twice`);
    values.set(key, value);
  }
  const away = outside(ids, 0, vocabulary - 1);
  if (away >= 0) return problem(`position ${away} holds ${ids[away]}, outside of the vocabulary`);
  const answers = Array.from(ids, (id, at) =>
    at >= 2 * pairs && at % 2 === 0 && values.has(id) ? values.get(id)! : IGNORED,
  );
  if (filler === 'zeros') {
    const asked = answers.filter((answer) => answer !== IGNORED);
    if (asked.length !== pairs || new Set(asked).size !== pairs)
      return problem('not every key is asked for once');
    const stray = Array.from(ids).findIndex(
      (id, at) => at >= 2 * pairs && answers[at] === IGNORED && id !== 0,
    );
    if (stray >= 0) return problem(`position ${stray} holds ${ids[stray]}, not the filler`);
  } else if (new Set(answers.filter((answer) => answer !== IGNORED)).size !== pairs) {
    return problem('not every key is asked for');
  }
  return { answers };
}

/** Induction head of H3: the trigger once inside and once at the end, then the answer. */
export function readInductionHead(ids: Ids, trigger: number): Reading {
  const last = ids.length - 1;
  if (ids[last] !== trigger) return problem('the trigger is not the last input');
  const first = Array.from(ids).indexOf(trigger);
  if (Array.from(ids).filter((id) => id === trigger).length !== 2)
    return problem('the trigger does not stand twice');
  if (first + 1 === last) return problem('nothing follows the trigger');
  return { answers: [ids[first + 1]!] };
}

/** Associative recall of H3: pairs, the trigger, one of the keys. */
export function readAssociativeRecall(ids: Ids, vocabulary: number): Reading {
  const keys = Math.floor((vocabulary - 2) / 2);
  const trigger = vocabulary - 1;
  const last = ids.length - 1;
  const map = new Map<number, number>();
  for (let at = 0; at < last - 1; at += 2) {
    const [key, value] = [ids[at]!, ids[at + 1]!];
    if (key < 1 || key > keys) return problem(`position ${at} holds ${key}, not a key`);
    if (value <= keys || value >= trigger) return problem(`position ${at + 1} holds ${value}, not a value`);
    if (map.has(key) && map.get(key) !== value) return problem(`the key ${key} has two values`);
    map.set(key, value);
  }
  if (ids[last - 1] !== trigger) return problem('the trigger does not stand before the query');
  const answer = map.get(ids[last]!);
  return answer === undefined ? problem(`the query ${ids[last]} never occurred`) : { answers: [answer] };
}

/** Copying: data, blanks and markers; `scattered` allows the data anywhere before the markers. */
export function readCopying(ids: Ids, tokens: number, scattered: boolean): Reading {
  const all = Array.from(ids);
  const marker = all.at(-1)!;
  const front = all.slice(0, -tokens);
  if (!all.slice(-tokens).every((id) => id === marker)) return problem('the markers are not at the end');
  if (front.some((id) => id < 0 || id >= marker))
    return problem('a marker or a stranger stands among the data');
  const answers = front.filter((id) => id !== 0);
  if (answers.length !== tokens) return problem(`${answers.length} data tokens instead of ${tokens}`);
  if (!scattered && front.indexOf(0) !== tokens) return problem('the data do not come first');
  return { answers };
}
