/** @file What the editor says about a pattern of layers. */
import * as assert from 'node:assert/strict';
import { testLanguage } from '../language/registry';
import { atCursor, TestClient } from './harness';

const head = 'data: recall\nmodel:\n  d_model: 64\n';

describe('a pattern in the editor', () => {
  let client: TestClient;
  before(async () => {
    client = await TestClient.start(undefined, () => testLanguage);
  });
  after(() => client.stop());

  const hover = async (marked: string): Promise<string> => {
    const { text, position } = atCursor(marked);
    const found = await client.hover(await client.open(text), position);
    return (found?.contents as { value: string } | undefined)?.value ?? '';
  };

  it('shows the shares of its layers', async () => {
    const shown = await hover(`${head}  pat▮tern: "M-M*-M-"\n`);
    assert.match(shown, /3 mamba2 \(43 %\), 3 mlp \(43 %\), 1 attention \(14 %\)/);
    assert.match(shown, /7 layers, .* parameters/);
  });

  it('documents a symbol as the layer it is', async () => {
    const shown = await hover(`${head}  pattern: M-\n  symbols:\n    M: {mixer: mam▮ba, d_state: 4}\n`);
    assert.match(shown, /Mamba: Linear-Time Sequence Modeling/);
    assert.match(shown, /Layer 0/);
  });

  it('offers published layouts', async () => {
    const { text, position } = atCursor(`${head}  pattern: ▮\n`);
    const items = await client.completion(await client.open(text), position);
    assert.ok(items.some(({ label }) => label.startsWith('"M-M-M--M-M*')));
  });
});
