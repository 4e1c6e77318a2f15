/** @file The extension in a real editor: it activates fast, its view and commands are there, completion answers. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openFile, runCommand, suggestions, until } from './support/actions';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';

/** The least processor time of an activation that the extension logged in this profile, ms. */
function processorTime(userData: string): number {
  const logs = path.join(userData, 'data', 'logs');
  const texts = fs
    .readdirSync(logs, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('SSM Studio.log'))
    .map((name) => fs.readFileSync(path.join(logs, name), 'utf8'));
  const times = [...texts.join('\n').matchAll(/([\d.]+) ms of processor time/g)].map(([, time]) =>
    Number(time),
  );
  assert.ok(times.length > 0, 'the extension logged no activation');
  return Math.min(...times);
}

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

  it('takes less than 100 ms as the editor measures it', async function () {
    this.timeout(240_000);
    const { page } = session;
    const times: number[] = [];
    // The time includes waiting for other extensions and for whatever else the machine does: the best of three
    // windows counts, and on a machine with more to do than processors the processor time decides.
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
    const busy = os.loadavg()[0]! > os.availableParallelism();
    const processor = processorTime(session.userData);
    console.log(
      `      activation: ${times.join(', ')} ms, ${processor} ms of processor time${busy ? ' (busy machine)' : ''}`,
    );
    assert.ok(processor < 50, `activation used the processor for ${processor} ms`);
    if (!busy) assert.ok(Math.min(...times) < 100, `activation took ${times.join(', ')} ms`);
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
