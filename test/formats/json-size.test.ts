/** @file JSON that nests absurdly or holds too much is refused before anything is built of it. */
import assert from 'node:assert/strict';
import { excessOf } from '../../src/formats/json-size';
import { parsePythonJson } from '../../src/formats/python-json';
import { parseStrictJson, StrictJsonError } from '../../src/formats/strict-json';

const nested = (depth: number, inner = ''): string => '['.repeat(depth) + inner + ']'.repeat(depth);

describe('the depth of JSON', () => {
  it('is that of brackets outside of strings', () => {
    assert.equal(excessOf(nested(5), { depth: 5 })?.at, undefined);
    assert.equal(excessOf(nested(6), { depth: 5 })?.at, 5);
    assert.equal(excessOf('[[],[],{},{}]', { depth: 2 })?.at, undefined);
    assert.equal(excessOf(`{"[[[\\"[[[": [1, "{{{{"]}`, { depth: 2 })?.at, undefined);
    assert.equal(excessOf(`["\\\\", [[]]]`, { depth: 2 })?.at, 8);
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

  it('goes with a limit on what a header holds', () => {
    const { at } = excessOf('[0,1,[2,3]]', { depth: 9, items: 4 })!;
    assert.equal(at, 7, 'the bracket, two commas, a bracket, and this comma is the fifth');
    assert.equal(excessOf('[0,1,[2,3]]', { depth: 9, items: 5 }), undefined);
    const header = `{${Array.from({ length: 200_000 }, (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join()}}`;
    assert.throws(
      () => parseStrictJson(header),
      (error) => error instanceof StrictJsonError && /too many items/.test(error.message),
    );
  });
});
