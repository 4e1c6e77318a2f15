/** @file A checkpoint by drag and drop, its summary, and the playground on it: generating, branching, reloading. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import {
  chooseFromMenu,
  dismissNotifications,
  editorText,
  notification,
  runCommand,
  showRuns,
  until,
} from './support/actions';
import { root } from '../../scripts/steps.mjs';
import { closeBrowser, openEditor, panelFrame, type EditorSession } from './support/editor';
import { extensionUnderTest } from './support/vsix';
import { keepFailures } from './support/failures';

/** A tiny Mamba as its authors’ library saves it, with 288 ids: the bytes and some more. */
const golden = path.join(root, 'test', 'golden', 'hf-mamba-tiny');

/** A model of bytes, trained for a moment. */
const smallText = `data: {type: text, files: [bundled:moby-dick.txt], context: 32}
model: {d_model: 16, layers: [{mixer: mamba, d_state: 4}]}
train: {steps: 10, batch_size: 2}
eval: {every: 10, examples: 4}
device: cpu
`;

describe('the playground', () => {
  let session: EditorSession;
  before(async () => {
    session = await openEditor({ ...extensionUnderTest(), files: { 'small.ssm.yaml': smallText } });
    // An empty view takes no drops.
    const run = path.join(session.workspace, 'runs', 'small', 'sea');
    const train = ['train', path.join(session.workspace, 'small.ssm.yaml'), '--run-dir', run, '--quiet'];
    execFileSync(process.execPath, [path.join(root, 'dist', 'cli.js'), ...train]);
    const folder = path.join(session.workspace, 'weights');
    fs.mkdirSync(folder);
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json'])
      fs.copyFileSync(path.join(golden, name), path.join(folder, name));
  });
  after(async () => {
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

  const panel = (more = ''): Promise<Frame> =>
    panelFrame(session.page, `[data-testid=playground]${more}`, 60_000);
  const shown = async (frame: Frame): Promise<Record<string, string | undefined>> =>
    frame.$eval('[data-testid=playground]', (element) => ({ ...(element as HTMLElement).dataset }));
  const textOf = (frame: Frame): Promise<string[]> => frame.locator('.token').allInnerTexts();

  it('opens a folder that is dropped on the Runs view, with its architecture as a config', async () => {
    const { page } = session;
    await showRuns(page);
    await page.locator('.part.sidebar .monaco-list-row', { hasText: 'sea' }).waitFor();
    await drop(session, path.join(session.workspace, 'weights'));
    await page.locator('.tab', { hasText: 'weights.yaml' }).waitFor();
    const text = await until(
      'summary',
      () => editorText(page),
      (found) => found.includes('mixer: mamba'),
    );
    assert.match(text, /weights: Hugging Face mamba/);
    await session.screenshot('checkpoint-summary');
  });

  it('continues a prompt from the link of the summary', async () => {
    const { page } = session;
    await page.locator('.codelens-decoration a', { hasText: 'Playground' }).click();
    const frame = await panel('[data-ready=true]');
    assert.match(await frame.locator('.facts').innerText(), /3 × mamba/);
    await frame.getByTestId('prompt').fill('the state of');
    await frame.getByTestId('control-maxTokens').fill('24');
    await frame.getByTestId('prompt').press('Control+Enter');
    await panel('[data-running=false][data-tokens="24"]');
    assert.equal((await shown(frame))['finish'], 'length');
    assert.match(await frame.getByTestId('speed').innerText(), /\d/);
    await session.screenshot('playground');
  });

  it('goes on with another token by keyboard, from the state that was kept', async () => {
    const { page } = session;
    const frame = await panel();
    const before = await textOf(frame);
    await frame.locator('.token[data-index="6"]').click();
    await frame.locator('.tokens').focus();
    await page.keyboard.press('ArrowRight');
    await panel('[data-position="7"]');
    await page.keyboard.press('ArrowDown');
    await page.waitForTimeout(300); // drawn with the next frame
    const sign = await frame.locator('.alternative.choice .sign').innerText();
    await page.keyboard.press('Enter');
    await panel('[data-branches="2"][data-running=false]');
    const after = await textOf(frame);
    assert.deepEqual(after.slice(0, 7), before.slice(0, 7));
    assert.equal(after[7]!.trim(), sign.trim());
    assert.equal(after.length, 24 + 8);
    assert.match(await frame.locator('.facts').innerText(), /state restored/);
    await session.screenshot('playground-branch');
  });

  it('shows the scan of its text', async () => {
    const { page } = session;
    const frame = await panel();
    await frame.getByRole('button', { name: 'More' }).click();
    await frame.getByRole('menuitem', { name: 'Inspect Scan' }).click();
    const scan = await panelFrame(page, '[data-testid=scan][data-busy=false][data-example=typed]', 60_000);
    assert.equal(await scan.getByTestId('scan').getAttribute('data-mixer'), 'mamba');
    await page.waitForTimeout(500);
    await session.screenshot('playground-scan');
    await page.locator('.tab', { hasText: 'Scan: weights' }).click();
    await runCommand(page, 'View: Close Editor');
    await page.locator('.tab', { hasText: 'Scan: weights' }).waitFor({ state: 'detached' });
  });

  it('has its branches again after a reload, and goes on', async () => {
    const before = await textOf(await panel());
    // In a browser the editor saves its state every five seconds; a window that is closed sooner loses the last change.
    await session.page.waitForTimeout(7000);
    await session.open();
    const frame = await panel('[data-ready=true][data-branches="2"]');
    assert.deepEqual(await textOf(frame), before);
    await frame.getByTestId('go-on').click();
    await panel(`[data-running=false][data-tokens="${before.length + 24}"]`);
    assert.deepEqual((await textOf(frame)).slice(0, before.length), before);
  });

  it('survives the end of its process', async () => {
    const frame = await panel();
    const before = await shown(frame);
    const command = `playground ${path.join(session.workspace, 'weights')} --stdio`;
    const found = execFileSync('pgrep', ['-f', command], { encoding: 'utf8' }).trim().split('\n');
    assert.equal(found.length, 1);
    process.kill(Number(found[0]), 'SIGKILL');
    await frame.locator('.message.error', { hasText: 'ended by SIGKILL' }).waitFor();
    assert.equal((await shown(frame))['tokens'], before['tokens']);
    await frame.locator('.message.error .link', { hasText: 'Try again' }).click();
    await panel('[data-ready=true]');
    await frame.locator('.message.error').waitFor({ state: 'detached' });
  });

  it('continues texts with a run of the Runs view', async () => {
    const { page } = session;
    await showRuns(page);
    await chooseFromMenu(
      page.locator('.part.sidebar .monaco-list-row', { hasText: 'sea' }),
      'Open Playground',
    );
    await page.locator('.tab.active', { hasText: 'Playground: small/sea' }).waitFor();
    const frame = await panel('[data-ready=true][data-branches="0"]');
    assert.match(await frame.locator('.bar').innerText(), /checkpoint at step 10/);
    await frame.getByTestId('prompt').fill('Call me');
    await frame.getByTestId('generate').click();
    await panel('[data-running=false][data-tokens="100"]');
    await session.screenshot('playground-run');
    await runCommand(page, 'View: Close Editor');
  });

  it('says why something is no checkpoint', async () => {
    const { page } = session;
    fs.mkdirSync(path.join(session.workspace, 'empty'));
    await showRuns(page);
    await drop(session, path.join(session.workspace, 'empty'));
    assert.match(await notification(page, 'config.json is missing'), /empty/);
    await dismissNotifications(page);
  });

  it('makes a config that trains on from the checkpoint', async () => {
    const { page } = session;
    await runCommand(page, 'View: Show Explorer');
    await chooseFromMenu(
      page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'weights' }),
      'Open Checkpoint',
    );
    await page.locator('.tab', { hasText: 'weights.yaml' }).waitFor();
    await page.locator('.codelens-decoration a', { hasText: 'Fine-Tune' }).click();
    await page.locator('.tab', { hasText: 'weights-tuned.ssm.yaml' }).waitFor();
    const text = await until(
      'config',
      () => editorText(page),
      (found) => found.includes('from:'),
    );
    assert.match(text, /lora:/);
    await runCommand(page, 'SSM Studio: Check Config');
    await notification(page, 'weights-tuned: no errors');
    await session.screenshot('fine-tune');
    assert.deepEqual(session.problems, []);
  });
});

/** Drops a folder as the Explorer does: the list of addresses is what it carries. */
async function drop({ page }: EditorSession, folder: string): Promise<void> {
  await page.evaluate((file) => {
    const target = document.querySelector('.part.sidebar .customview-tree .monaco-list')!;
    const data = new DataTransfer();
    const uri = `vscode-remote://${location.host}${file}`;
    data.setData('text/uri-list', uri);
    data.setData('ResourceURLs', JSON.stringify([uri]));
    const { left, top, width, height } = target.getBoundingClientRect();
    const at = { clientX: left + width / 2, clientY: top + height / 2 };
    for (const type of ['dragenter', 'dragover', 'drop'])
      target.dispatchEvent(
        new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data, ...at }),
      );
  }, folder);
}
