/** @file From the controls as they are typed to settings, with a sentence for what is wrong. */
import { MAX_TOKENS, settingsSchema, type Settings } from '../../src/protocol/playground';
import type { Controls } from '../../src/protocol/view-playground';

type NumberName = 'temperature' | 'topK' | 'topP' | 'minP' | 'repetitionPenalty' | 'seed' | 'maxTokens';

interface NumberControl {
  readonly name: NumberName;
  readonly label: string;
  readonly title: string;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  /** Whether greedy decoding takes no notice of it. */
  readonly sampling: boolean;
}

export const numberControls: readonly NumberControl[] = [
  {
    name: 'temperature',
    label: 'Temperature',
    title: 'Logits are divided by it: below 1 likely tokens become likelier, 0 takes the likeliest',
    min: 0,
    max: 100,
    whole: false,
    sampling: true,
  },
  {
    name: 'topK',
    label: 'Top-k',
    title: 'Only the k likeliest tokens; 0 for all',
    min: 0,
    max: 1_000_000,
    whole: true,
    sampling: true,
  },
  {
    name: 'topP',
    label: 'Top-p',
    title: 'Only the likeliest tokens that together have this probability',
    min: 0,
    max: 1,
    whole: false,
    sampling: true,
  },
  {
    name: 'minP',
    label: 'Min-p',
    title: 'Only tokens with at least this share of the likeliest token’s probability',
    min: 0,
    max: 1,
    whole: false,
    sampling: true,
  },
  {
    name: 'repetitionPenalty',
    label: 'Repetition penalty',
    title: 'Makes tokens that occurred less likely; 1 does nothing',
    min: 0.01,
    max: 100,
    whole: false,
    sampling: false,
  },
  {
    name: 'seed',
    label: 'Seed',
    title: 'The same seed and settings draw the same text',
    min: 0,
    max: 2 ** 32 - 1,
    whole: true,
    sampling: true,
  },
  {
    name: 'maxTokens',
    label: 'Tokens',
    title: 'New tokens at most',
    min: 1,
    max: MAX_TOKENS,
    whole: true,
    sampling: false,
  },
];

/** What is wrong with a number as it is typed; undefined when nothing is. */
export function problemOf({ label, min, max, whole }: NumberControl, text: string): string | undefined {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isInteger(value)))
    return undefined;
  return `${label} is a ${whole ? 'whole ' : ''}number from ${min} to ${max.toLocaleString('en')}.`;
}

/** Lines as texts; `\n`, `\t` and `\\` are read as in JSON. */
export const stopTexts = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line.replace(/\\([nt\\])/g, (_, sign: string) => (sign === 'n' ? '\n' : sign === 't' ? '\t' : '\\')),
    );

export function settingsOf(controls: Controls): { settings: Settings } | { problem: string } {
  for (const control of numberControls) {
    if (controls.greedy && control.sampling) continue;
    const problem = problemOf(control, controls[control.name]);
    if (problem !== undefined) return { problem };
  }
  const number = (name: NumberName, unused: number): number => {
    const value = Number(controls[name]);
    const control = numberControls.find((each) => each.name === name)!;
    return problemOf(control, controls[name]) === undefined ? value : unused;
  };
  const { constraint } = controls;
  const text = constraint === 'none' ? '' : controls[constraint];
  const read = settingsSchema.safeParse({
    temperature: controls.greedy ? 0 : number('temperature', 1),
    topK: number('topK', 0),
    topP: number('topP', 1),
    minP: number('minP', 0),
    repetitionPenalty: number('repetitionPenalty', 1),
    seed: number('seed', 0),
    maxTokens: number('maxTokens', 100),
    stop: stopTexts(controls.stop),
    ...(constraint === 'none' || text.trim() === '' ? {} : { constraint: { kind: constraint, text } }),
  });
  if (read.success) return { settings: read.data };
  const [issue] = read.error.issues;
  return issue!.path[0] === 'stop'
    ? { problem: 'Stop texts: at most 16, of at most 200 characters each.' }
    : { problem: `${issue!.path.join('.')}: ${issue!.message}` };
}

/** What differs from drawing freely, in words. */
export function settingsText(settings: Settings): string {
  const { temperature, topK, topP, minP, repetitionPenalty, seed, stop, constraint } = settings;
  const parts =
    temperature === 0
      ? ['greedy']
      : [
          `temperature ${temperature}`,
          ...(topK > 0 ? [`top-k ${topK}`] : []),
          ...(topP < 1 ? [`top-p ${topP}`] : []),
          ...(minP > 0 ? [`min-p ${minP}`] : []),
          `seed ${seed}`,
        ];
  if (repetitionPenalty !== 1) parts.push(`repetition penalty ${repetitionPenalty}`);
  if (stop.length > 0) parts.push(`stop ${stop.map((text) => JSON.stringify(text)).join(', ')}`);
  if (constraint) parts.push(constraint.kind === 'schema' ? 'JSON Schema' : 'regular expression');
  return parts.join(', ');
}
