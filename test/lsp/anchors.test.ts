/** @file Anchors: definition, references, highlights, rename; semantic tokens; presets as documents. */
import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  DefinitionRequest,
  DocumentHighlightRequest,
  PrepareRenameRequest,
  ReferencesRequest,
  RenameRequest,
  SemanticTokensRequest,
  type Location,
  type Position,
  type TextEdit,
} from 'vscode-languageserver-protocol/node';
import { marksOf } from '../../language-server/anchors';
import { legend } from '../../language-server/features/semantic-tokens';
import { atCursor, TestClient } from './harness';

const text = [
  '# &not an anchor',
  'data: induction-heads',
  'model:',
  '  d_model: 32',
  '  layers:',
  '    - &small {mixer: mamba, d_state: 8}',
  '    - *small',
  "    - {<<: *small, mixer: 'mamba'}",
  'sweep:',
  '  train.steps: [1, 2]',
  '',
].join('\n');

describe('anchors', () => {
  let client: TestClient;
  before(async () => {
    client = await TestClient.start();
  });
  after(() => client.stop());
  const uri = 'file:///configs/a.ssm.yaml';
  const at = (line: number, character: number): { textDocument: { uri: string }; position: Position } => ({
    textDocument: { uri },
    position: { line, character },
  });

  it('are read by the lexer, not by their sign', () => {
    const marks = marksOf('a: "&x *y" # &z\nb: &n *n\nc: a*b & c\nd: |\n  &t\n');
    assert.deepEqual(
      marks.map(({ kind, name }) => `${kind} ${name}`),
      ['anchor n', 'alias n'],
    );
    for (const { start, end, name } of marksOf(text)) assert.equal(text.slice(start, end), name);
  });

  it('are found from their aliases, and all their uses from anywhere', async () => {
    await client.open(text, uri);
    const definition = (await client.connection.sendRequest(DefinitionRequest.type, at(6, 9))) as Location[];
    assert.deepEqual(definition[0]?.range.start, { line: 5, character: 7 });
    const ask = (includeDeclaration: boolean) =>
      client.connection.sendRequest(ReferencesRequest.type, { ...at(5, 8), context: { includeDeclaration } });
    assert.deepEqual(
      (await ask(true))?.map(({ range }) => range.start.line),
      [5, 6, 7],
    );
    assert.equal((await ask(false))?.length, 2);
    const marked = await client.connection.sendRequest(DocumentHighlightRequest.type, at(7, 13));
    assert.equal(marked?.length, 3);
    assert.equal(
      (
        await client.connection.sendRequest(ReferencesRequest.type, {
          ...at(0, 4),
          context: { includeDeclaration: true },
        })
      )?.length,
      0,
    );
  });

  it('are renamed everywhere, to a name that is one', async () => {
    await client.open(text, uri);
    const prepared = await client.connection.sendRequest(PrepareRenameRequest.type, at(6, 9));
    assert.deepEqual((prepared as { placeholder: string }).placeholder, 'small');
    const edit = await client.connection.sendRequest(RenameRequest.type, { ...at(6, 9), newName: 'tiny' });
    const edits = edit?.changes?.[uri] as TextEdit[];
    assert.deepEqual(
      edits.map(({ range, newText }) => [range.start.line, newText]),
      [
        [5, 'tiny'],
        [6, 'tiny'],
        [7, 'tiny'],
      ],
    );
    await assert.rejects(
      client.connection.sendRequest(RenameRequest.type, { ...at(6, 9), newName: 'two words' }),
      /one word/,
    );
    assert.equal(await client.connection.sendRequest(PrepareRenameRequest.type, at(1, 2)), null);
  });

  it('colours keys, mixers, words and anchors', async () => {
    await client.open(text, uri);
    const { data } = (await client.connection.sendRequest(SemanticTokensRequest.type, {
      textDocument: { uri },
    })) as { data: number[] };
    const lines = text.split('\n');
    const found: string[] = [];
    let line = 0;
    let character = 0;
    for (let i = 0; i < data.length; i += 5) {
      const [down = 0, right = 0, length = 0, kind = 0] = data.slice(i, i + 4);
      line += down;
      character = down > 0 ? right : character + right;
      found.push(`${lines[line]?.slice(character, character + length)}=${legend.tokenTypes[kind]}`);
    }
    for (const wanted of [
      'data=property',
      'induction-heads=class',
      'small=variable',
      'mixer=property',
      'mamba=class',
      'train.steps=parameter',
    ])
      assert.ok(found.includes(wanted), `${wanted} in ${found.join(' ')}`);
    assert.equal(found.filter((one) => one === 'small=variable').length, 3);
  });

  it('shows a preset: hover, completion, and its text in a read-only document', async () => {
    const { text: marked, position } = atCursor('extends: mamba-1▮30m\ndata: induction-heads\n');
    await client.open(marked, uri);
    const hover = await client.hover(uri, position);
    assert.ok(hover);
    assert.match((hover.contents as { value: string }).value, /24 × mamba, d_model 768[^]*perplexity 10.56/);
    const [place] = (await client.connection.sendRequest(DefinitionRequest.type, {
      textDocument: { uri },
      position,
    })) as Location[];
    assert.ok(place);
    const shown = readFileSync(fileURLToPath(place.uri), 'utf8');
    assert.match(shown, /d_model: 768[^]*every default[^]*dt_rank: auto/);
    const items = await client.completion(uri, { line: 0, character: 9 });
    assert.ok(items.some(({ label, detail }) => label === 'mamba2-2.7b' && /2.70 G/.test(detail ?? '')));
    const preset: unknown = await client.connection.sendRequest('ssm/preset', { name: 'mamba-130m' });
    assert.equal(preset, shown);
  });
});
