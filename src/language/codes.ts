/** @file Every code that a diagnostic may carry, with what it means. Codes are stable; new ones are added. */

export const codes = {
  'yaml-syntax': 'The text is not YAML. The parts that can be read are still checked.',
  'duplicate-key': 'A key stands twice in one mapping.',
  'unresolved-alias': 'An alias `*name` has no anchor `&name` above it, or stands inside its own anchor.',
  'several-documents': 'The file holds more than one YAML document.',
  'bad-key': 'A key is not a single word.',
  'too-large': 'The text is longer, deeper or, after following aliases, larger than any config.',
  'extends-missing': 'The base named by `extends` cannot be read.',
  'extends-cycle': 'Configs extend each other in a circle.',
  'base-has-errors': 'The base named by `extends` has errors of its own.',
  'dropped-option': 'A changed `mixer` or `type` does not know options of the base; they were left out.',
  'bad-setting': 'A `--set` is not KEY=VALUE.',
  'bad-path': 'A path of `--set` or `sweep` leads nowhere.',
  'bad-sweep': 'An axis of `sweep` is neither a list of values nor a range.',
  'unknown-key': 'The key is not known at this place.',
  'missing-key': 'A key that has no default is not there.',
  'empty-value': 'A key has nothing after its colon.',
  'wrong-type': 'The value is of another kind than expected, for example text for a number.',
  'out-of-range': 'The number is too small or too large, or not whole.',
  'wrong-length': 'The list has too few or too many entries.',
  'unknown-value': 'The word is not one of those possible here.',
  'not-divisible': 'One size must divide another and does not.',
  'invalid-combination': 'Options contradict each other.',
  'no-effect': 'An option is given that changes nothing in this config.',
  'task-mismatch': 'The task needs another kind of data.',
  'not-causal': 'A layer looks ahead in a task that predicts what comes next.',
  'vocab-too-small': '`model.vocab_size` is smaller than the vocabulary of the data.',
  'warmup-too-long': 'The warm-up lasts as long as the training or longer.',
  'unusual-value': 'The value is possible but far from what is usual.',
  'step-size-range': 'The range of step sizes, dt_min to dt_max, does not fit the length of the sequences.',
  'small-state': 'The state is smaller than what the data ask to remember.',
  'context-unused': 'No layer connects the positions of a sequence.',
  memory: 'Training is estimated to need more memory than the machine has.',
  'file-missing': 'A data file cannot be read, or a pattern matches no file.',
  'data-mismatch': 'The files do not hold what the options say: a column, a class, a number of values.',
  'data-too-short': 'The data is too short for the options, for example shorter than one context.',
} as const satisfies Readonly<Record<string, string>>;

export type Code = keyof typeof codes;

/** The anchor of a code on the reference page. */
export const codeAnchor = (code: string): string => `code-${code}`;
