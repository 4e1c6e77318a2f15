/** @file The extension in a real editor: it activates fast, its view and commands are there, completion answers. */
import assert from 'node:assert/strict';
import { openFile, runCommand, suggestions, until } from './support/actions';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';

describe('activation', () => {
  let session: EditorSession;
  before(async () => {
    session = await openEditor({
      files: { 'model.ssm.yaml': 'data: induction-heads\nmodel:\n  d_model: 32\n' },
    });
  });
  after(async () => {
    await session?.close();
    await closeBrowser();
  });

  it('takes less than 100 ms as the editor measures it', async () => {
    const { page } = session;
    const times: number[] = [];
    // The time includes waiting for other extensions and for whatever else the machine does: best of three windows.
    for (let window = 0; window < 3 && !times.some((time) => time < 100); window++) {
      if (window > 0) await session.open();
      await openFile(page, 'model.ssm.yaml');
      await runCommand(page, 'Developer: Show Running Extensions');
      const row = page
        .locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'ssm-studio' })
        .first();
      const time = row.locator('.activation-time');
      const text = await until(
        'activation time',
        () => time.innerText(),
        (shown) => /\d+ms/.test(shown),
      );
      times.push(Number(/(\d+)ms/.exec(text)?.[1]));
    }
    await session.screenshot('activation');
    console.log(`      activation: ${times.join(', ')} ms`);
    assert.ok(Math.min(...times) < 100, `activation took ${times.join(', ')} ms`);
  });

  it('knows the language and completes keys in their place', async () => {
    const { page } = session;
    await openFile(page, 'model.ssm.yaml');
    await page.locator('.statusbar-item', { hasText: 'SSM YAML' }).waitFor();
    await page.keyboard.press('Control+End');
    const labels = await suggestions(page, 'train');
    await session.screenshot('completion');
    assert.ok(labels.includes('train'), `no train among ${labels.join(', ')}`);
    await page.keyboard.press('Escape');
  });

  it('has no error in the console', () => {
    assert.deepEqual(session.problems, []);
  });
});
