/** @file Branches, controls and files of the Playground panel, without a page. */
import assert from 'node:assert/strict';
import type { Settings, Token } from '../../src/protocol/playground';
import { controlsSchema, playgroundStateSchema } from '../../src/protocol/view-playground';
import { meanSurprise, restore, store, treeOf, without, type Branch } from '../../media/playground/branches';
import { settingsOf, settingsText, stopTexts } from '../../media/playground/controls';

const settings: Settings = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  seed: 0,
  maxTokens: 10,
  stop: [],
};
const token = (id: number): Token => ({
  id,
  label: String(id),
  text: String(id),
  logprob: -Math.LN2 * id,
  rank: 1,
  entropy: 1,
  alternatives: [{ id, label: String(id), logprob: -Math.LN2 * id }],
});
const branch = (id: number, parent: number | null, at: number, ids: number[]): Branch => ({
  id,
  prompt: 'p',
  parent,
  at,
  chosen: parent !== null,
  tokens: ids.map(token),
  settings,
  finish: 'length',
  drawn: ids.length,
  seconds: 0.1,
});

describe('branches', () => {
  const all = [
    branch(1, null, 0, [1, 2, 3]),
    branch(2, 1, 1, [1, 9, 8]),
    branch(3, null, 0, [4]),
    branch(4, 2, 2, [1, 9, 7]),
    branch(5, 1, 2, [1, 2, 5]),
  ];

  it('stand in the order of a tree', () => {
    assert.deepEqual(
      treeOf(all).map(({ branch: { id }, depth }) => [id, depth]),
      [
        [1, 0],
        [2, 1],
        [4, 2],
        [5, 1],
        [3, 0],
      ],
    );
  });

  it('lose their parent without losing a token', () => {
    const left = without(all, 2);
    const four = left.find(({ id }) => id === 4)!;
    assert.deepEqual([four.parent, four.at], [1, 1]);
    assert.deepEqual(
      four.tokens.map(({ id }) => id),
      [1, 9, 7],
    );
    assert.deepEqual(
      without(left, 1).map(({ id, parent, at }) => [id, parent, at]),
      [
        [3, null, 0],
        [4, null, 0],
        [5, null, 0],
      ],
    );
  });

  it('survive storing', () => {
    const state = playgroundStateSchema.parse(
      JSON.parse(JSON.stringify({ version: 1, target: 't', branches: store(all) })),
    );
    const back = restore(state.branches);
    assert.deepEqual(
      back.map(({ id, tokens }) => [id, tokens.map((each) => each.id)]),
      all.map(({ id, tokens }) => [id, tokens.map((each) => each.id)]),
    );
    // What two share is one object again.
    assert.equal(back[1]!.tokens[0], back[0]!.tokens[0]);
  });

  it('are stored newest first where there is no room for all, whole without their parents', () => {
    const long = Array.from({ length: 1500 }, (_, i) => i % 5);
    const many = [branch(1, null, 0, long), branch(2, 1, 1499, long), branch(3, 2, 1499, long)];
    const back = restore(store(many));
    assert.deepEqual(
      back.map(({ id, parent, tokens }) => [id, parent, tokens.length]),
      [
        [2, null, 1500],
        [3, 2, 1500],
      ],
    );
  });

  it('measure surprise in bits', () => {
    assert.equal(meanSurprise([]), undefined);
    assert.ok(Math.abs(meanSurprise([token(1), token(3)])! - 2) < 1e-12);
  });
});

describe('the controls', () => {
  const controls = controlsSchema.parse({});
  it('have defaults that can be used', () => {
    const read = settingsOf(controls);
    assert.ok('settings' in read);
    assert.equal(settingsText(read.settings), 'temperature 0.8, top-p 0.95, seed 0');
  });
  it('take no notice of what greedy decoding does not use', () => {
    const read = settingsOf({ ...controls, greedy: true, temperature: 'x', seed: '' });
    assert.ok('settings' in read);
    assert.equal(read.settings.temperature, 0);
    assert.equal(settingsText(read.settings), 'greedy');
  });
  it('read stop texts line by line', () => {
    assert.deepEqual(stopTexts('a\n\n\\n\\n\n\\\\n b'), ['a', '\n\n', '\\n b']);
    const read = settingsOf({ ...controls, stop: Array.from({ length: 17 }, () => 'x').join('\n') });
    assert.deepEqual(read, { problem: 'Stop texts: at most 16, of at most 200 characters each.' });
  });
});
