/** @file JSON that nests absurdly is refused before anything is built of it. */
import assert from 'node:assert/strict';
import { tooDeepAt } from '../../src/formats/json-depth';
import { parsePythonJson } from '../../src/formats/python-json';
import { parseStrictJson, StrictJsonError } from '../../src/formats/strict-json';

const nested = (depth: number, inner = ''): string => '['.repeat(depth) + inner + ']'.repeat(depth);

describe('the depth of JSON', () => {
  it('is that of brackets outside of strings', () => {
    assert.equal(tooDeepAt(nested(5), 5), undefined);
    assert.equal(tooDeepAt(nested(6), 5), 5);
    assert.equal(tooDeepAt('[[],[],{},{}]', 2), undefined);
    assert.equal(tooDeepAt(`{"[[[\\"[[[": [1, "{{{{"]}`, 2), undefined);
    assert.equal(tooDeepAt(`["\\\\", [[]]]`, 2), 8);
  });

  it('is limited in configs and headers', () => {
    assert.deepEqual(parsePythonJson(nested(64, '1')), JSON.parse(nested(64, '1')));
    const million = nested(1_000_000);
    assert.throws(
      () => parsePythonJson(`{"a":${million}}`),
      (error) => error instanceof SyntaxError && /more than 64 deep \(character 68\)/.test(error.message),
    );
    assert.throws(
      () => parseStrictJson(`{"a":${million}}`),
      (error) => error instanceof StrictJsonError && /nested too deeply \(character 36\)/.test(error.message),
    );
  });
});
