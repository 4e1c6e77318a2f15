/** @file Anchors by completion and hover; documentation on demand; characters that accept; published values. */
import * as assert from 'node:assert/strict';
import {
  CompletionResolveRequest,
  type ClientCapabilities,
  type MarkupContent,
} from 'vscode-languageserver-protocol/node';
import { accept, atCursor, TestClient } from './harness';

const full: ClientCapabilities = {
  textDocument: {
    diagnostic: {},
    completion: {
      completionItem: {
        snippetSupport: true,
        commitCharactersSupport: true,
        resolveSupport: { properties: ['documentation'] },
      },
    },
  },
};
const anchored =
  'data: induction-heads\nmodel:\n  d_model: 32\n  layers:\n    - &big\n      mixer: mamba\n      d_state: 64\n' +
  '    - &small {mixer: mlp}\n';

describe('aliases', () => {
  let client: TestClient;
  before(async () => void (client = await TestClient.start(full)));
  after(() => client.stop());

  it('offers the anchors above, the nearest first, with what they stand for', async () => {
    for (const end of ['    - *▮', '    - *s▮', '    - {<<: *▮}', '    - <<: [*big, *▮]']) {
      const { text, position } = atCursor(anchored + end);
      const uri = await client.open(text);
      const items = await client.completion(uri, position);
      assert.deepEqual(
        items.map(({ label, detail }) => [label, detail]),
        [
          ['small', '{mixer: mlp}'],
          ['big', 'mixer: mamba'],
        ],
        end,
      );
      assert.match(accept(text, items[0]!), /\*small\b/);
      assert.match(
        (items[1]!.documentation as MarkupContent).value,
        /^```yaml\nmixer: mamba\nd_state: 64\n```$/,
      );
    }
  });

  it('offers no anchor that stands below, and none in comments', async () => {
    const { text, position } = atCursor('a: *▮\nb: &x 1\n');
    assert.deepEqual(await client.completion(await client.open(text), position), []);
    const comment = atCursor('b: &x 1\n# a: *▮\n');
    assert.deepEqual(await client.completion(await client.open(comment.text), comment.position), []);
  });

  it('shows on an alias what it stands for', async () => {
    const { text, position } = atCursor(`${anchored}    - *bi▮g\n`);
    const hover = await client.hover(await client.open(text), position);
    const { value } = hover!.contents as MarkupContent;
    assert.match(
      value,
      /^\*\*\\\*big\*\*: the value anchored in line 5\n\n```yaml\nmixer: mamba\nd_state: 64\n```$/,
    );
  });
});

describe('completion items', () => {
  let client: TestClient;
  before(async () => void (client = await TestClient.start(full)));
  after(() => client.stop());

  it('get their documentation when they are looked at', async () => {
    const { text, position } = atCursor('data: induction-heads\nmodel:\n  layers:\n    - ▮');
    const uri = await client.open(text);
    const items = await client.completion(uri, position);
    assert.ok(items.length > 5);
    for (const item of items) {
      assert.equal(item.documentation, undefined, item.label);
      const resolved = await client.connection.sendRequest(CompletionResolveRequest.type, item);
      assert.ok((resolved.documentation as MarkupContent).value.length > 20, item.label);
    }
    // An answer that is no longer shown stays as it was.
    await client.completion(uri, position);
    const late = await client.connection.sendRequest(CompletionResolveRequest.type, items[0]!);
    assert.equal(late.documentation, undefined);
  });

  it('are accepted by what ends a value, in brackets only', async () => {
    const inside = atCursor('model: {norm: ▮}');
    for (const { commitCharacters } of await client.completion(
      await client.open(inside.text),
      inside.position,
    ))
      assert.deepEqual(commitCharacters, [',', '}', ']']);
    const outside = atCursor('model:\n  norm: ▮');
    for (const { commitCharacters } of await client.completion(
      await client.open(outside.text),
      outside.position,
    ))
      assert.equal(commitCharacters, undefined);
  });
});

describe('published values', () => {
  it('stand in the hover of a key', async () => {
    const client = await TestClient.start(full);
    try {
      const text =
        'data: induction-heads\nmodel:\n  d_model: 32\n  layers:\n    - mixer: mamba2\n      d_state: 64\n';
      const uri = await client.open(text);
      const valueAt = async (line: number): Promise<string> =>
        ((await client.hover(uri, { line, character: 6 }))!.contents as MarkupContent).value;
      assert.match(await valueAt(5), /Published: `128` \(mamba2-130m, mamba2-370m, mamba2-780m, …\)/);
      assert.match(await valueAt(2), /Published: `768` \(mamba-130m, mamba2-130m/);
    } finally {
      client.stop();
    }
  });
});
