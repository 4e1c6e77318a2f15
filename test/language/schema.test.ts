import * as assert from 'node:assert/strict';
import { codes } from '../../src/language/codes';
import { jsonSchemaOf } from '../../src/language/schema/json-schema';
import { referenceOf } from '../../src/language/schema/reference';
import type { Type } from '../../src/language/schema/types';
import { shortType, written } from '../../src/language/words';
import { testLanguage } from './registry';

describe('the schema', () => {
  it('documents every key', () => {
    const seen = new Set<Type>();
    const undocumented: string[] = [];
    const visit = (type: Type, path: string): void => {
      if (seen.has(type)) return;
      seen.add(type);
      if (type.kind === 'list') visit(type.item, path);
      if (type.kind === 'variants') {
        for (const [name, variant] of type.variants) visit(variant, `${path}(${name})`);
        for (const other of type.others.values()) visit(other, path);
      }
      if (type.kind !== 'map') return;
      for (const field of type.fields.values()) {
        if (!field.docs.description) undocumented.push(`${path}.${field.key}`);
        visit(field.type, `${path}.${field.key}`);
      }
    };
    visit(testLanguage.type, '');
    assert.deepEqual(undocumented, []);
    assert.ok(seen.size > 40);
  });

  it('becomes a JSON Schema with short forms and without artefacts', () => {
    const schema = jsonSchemaOf(testLanguage) as {
      properties: Record<string, { anyOf: { enum?: string[] }[] }>;
    };
    const text = JSON.stringify(schema);
    assert.doesNotMatch(text, /9007199254740991/);
    assert.deepEqual(schema.properties['data']?.anyOf[0]?.enum, ['recall', 'prose', 'digits']);
    assert.match(text, /"const":"mamba2"/);
    assert.match(text, /"else":\{"required":\["data","model"\]/);
  });

  it('becomes a reference page with every mixer, data set and code', () => {
    const page = referenceOf(testLanguage);
    for (const name of [
      ...Object.keys(testLanguage.registry.mixers),
      'recall',
      'prose',
      ...Object.keys(codes),
    ]) {
      assert.ok(page.includes(`\`${name}\``), name);
    }
    assert.match(page, /\| `d_state` \(N\) \| integer > 0 \| `16` \|/);
    assert.match(page, /\| `weight_decay` \| number ≥ 0 \| `0.1` \|/);
  });

  it('says types and values shortly', () => {
    const at = (path: string[]): Type => {
      const found = testLanguage.locate(path, undefined);
      assert.ok(found);
      return found.type;
    };
    assert.equal(shortType(at(['train', 'optimizer', 'betas'])), '[number ≥ 0, < 1, number ≥ 0, < 1]');
    assert.equal(shortType(at(['model', 'norm'])), '`rms` | `layer` | `batch`');
    assert.equal(written([1e-5, 'a b', true, { x: 0.5 }]), '[1e-5, "a b", true, {x: 0.5}]');
  });
});
