/** @file The published layouts of the synthetic tasks, as checks of one example. */
import assert from 'node:assert/strict';

const count = (values: ArrayLike<number>, wanted: number): number =>
  Array.from(values).filter((value) => value === wanted).length;

/** synthetic-tasks: the trigger once at random and once at the end; the answer followed the first. */
export function checkInductionHead(inputs: Int32Array, answer: number, vocabulary: number): void {
  const trigger = vocabulary - 1;
  assert.equal(inputs.at(-1), trigger);
  assert.equal(count(inputs, trigger), 2);
  assert.equal(inputs[inputs.indexOf(trigger) + 1], answer);
  assert.ok(answer < trigger, 'the answer is an ordinary token');
  assert.ok(inputs.every((id) => id >= 0 && id < vocabulary));
}

/** Copying with variable places: data and blanks, then as many markers as data. */
export function checkSelectiveCopying(
  inputs: Int32Array,
  answers: Int32Array,
  { length, tokens, vocabulary }: { length: number; tokens: number; vocabulary: number },
): void {
  const marker = vocabulary - 1;
  assert.equal(inputs.length, length + 2 * tokens);
  const front = inputs.subarray(0, length + tokens);
  assert.ok(inputs.subarray(length + tokens).every((id) => id === marker));
  assert.equal(count(front, 0), length, 'blanks');
  assert.deepEqual(
    front.filter((id) => id !== 0),
    answers,
    'data in order',
  );
  assert.ok(answers.every((id) => id >= 1 && id < marker));
}
