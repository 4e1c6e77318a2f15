/**
 * @file The whole way of a user, with the packaged extension in an empty profile and a folder elsewhere: type a
 * config with completion, train, watch, reload the window, stop, resume, look at the scan.
 */
import assert from 'node:assert/strict';
import { complete, dismissNotifications, editorText, openFile, runCommand, until } from './support/actions';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';
import {
  curvesFrame,
  curvesShown,
  inkOf,
  scanFrame,
  scanShown,
  scanTable,
  setTheme,
  themes,
  zoomTo,
} from './support/panels';
import { endRuns, runFolders, runInfo, trainingRows } from './support/runs';
import { cliJson, extensionUnderTest } from './support/vsix';
import { keepFailures } from './support/failures';

/** What `inspect --json` answers, as far as it is compared. */
interface Inspection {
  readonly layer: number;
  readonly probes: Record<
    string,
    { readonly shape: number[]; readonly axes: string[]; readonly data: number[] }
  >;
}

describe('from an empty file to the scan', () => {
  let session: EditorSession;
  let run: string;
  let zoom = '';
  let selected = '';

  before(async () => {
    session = await openEditor({ ...extensionUnderTest(), files: { 'tiny.ssm.yaml': '' } });
  });
  after(async () => {
    endRuns(session?.workspace);
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

  it('writes a config with completion', async () => {
    const { page } = session;
    const { keyboard } = page;
    const nextLine = async (): Promise<void> => {
      await keyboard.press('Escape');
      await keyboard.press('End');
      await keyboard.press('Enter');
    };
    await openFile(page, 'tiny.ssm.yaml');
    await complete(page, 'da', 'data');
    await complete(page, 'ind', 'induction-heads');
    await nextLine();
    await complete(page, 'mod', 'model');
    await complete(page, 'd_m', 'd_model');
    await keyboard.type('16');
    await nextLine();
    await complete(page, 'lay', 'layers');
    await complete(page, 'mam', 'mamba');
    await session.screenshot('typing');
    await nextLine();
    await complete(page, 'rep', 'repeat');
    await keyboard.type('2');
    await nextLine();
    await keyboard.press('Shift+Home');
    await keyboard.press('Shift+Home');
    await keyboard.press('Backspace');
    await complete(page, 'tra', 'train');
    await complete(page, 'ste', 'steps');
    await keyboard.type('30000');
    await nextLine();
    await complete(page, 'bat', 'batch_size');
    await keyboard.type('4');
    await keyboard.press('Escape');
    const written = [
      'data: induction-heads',
      'd_model: 16',
      '- mixer: mamba',
      'repeat: 2',
      'steps: 30000',
      'batch_size: 4',
    ];
    await until(
      'the whole config',
      async () => (await editorText(page)).split('\n').map((line) => line.trim()),
      (lines) => written.every((start) => lines.some((line) => line.startsWith(start))),
      10_000,
    );
    await page.locator('.statusbar-item[aria-label^="No Problems"]').waitFor();
  });

  it('trains from the command palette and draws the curve within 10 s', async () => {
    const { page } = session;
    const started = Date.now();
    await runCommand(page, 'SSM Studio: Train');
    await until(
      'a point on the curve',
      () => curvesShown(page),
      ({ points }) => points > 0,
      60_000,
    );
    const first = Date.now() - started;
    console.log(`      first point after ${(first / 1000).toFixed(1)} s`);
    [run = ''] = runFolders(session.workspace);
    await until(
      '20 points',
      () => curvesShown(page),
      ({ points }) => points >= 20,
      60_000,
    );
    await session.screenshot('training');
    assert.ok(first < 10_000, `the first point came after ${first} ms`);
    assert.equal(runInfo(run).status, 'running');
    await page.locator('.statusbar-item', { hasText: /Training [\d,]+ \/ 30,000/ }).waitFor();
  });

  it('zooms into the curve', async () => {
    const { page } = session;
    const before = await curvesShown(page);
    await zoomTo(page, 0, 0.6);
    ({ zoom, selected } = await until(
      'zoomed',
      () => curvesShown(page),
      (shown) => shown.zoom !== before.zoom && shown.zoom !== '',
    ));
    await session.screenshot('zoomed');
  });

  it('goes on without a gap when the window is reloaded, and restores zoom and selection', async () => {
    const { page } = session;
    const { pid } = runInfo(run);
    const before = trainingRows(run).length;
    // In a browser the editor saves its state every five seconds; a window that is closed sooner loses the last change.
    await page.waitForTimeout(7000);
    await session.open();
    const shown = await until(
      'restored',
      () => curvesShown(page),
      ({ points }) => points >= before,
      60_000,
    );
    assert.equal(shown.zoom, zoom);
    assert.equal(shown.selected, selected);
    assert.equal(runInfo(run).pid, pid, 'another process runs');
    const later = await until(
      'going on',
      () => curvesShown(page),
      ({ lastStep }) => lastStep > shown.lastStep,
      60_000,
    );
    const steps = trainingRows(run).map(({ step }) => step);
    assert.deepEqual(
      steps,
      steps.map((_, index) => index + 1),
    );
    assert.ok(later.points >= shown.points);
    await session.screenshot('reloaded');
  });

  it('stops, and the last value is that of metrics.jsonl', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Stop');
    await until(
      'stopped',
      () => runInfo(run).status,
      (status) => status === 'stopped',
    );
    const last = trainingRows(run).at(-1)!;
    const shown = await until(
      'last step shown',
      () => curvesShown(page),
      ({ lastStep }) => lastStep === last.step,
    );
    assert.equal(shown.lastLoss, last.loss);
    assert.ok(shown.points >= 20);
    await session.screenshot('stopped');
  });

  it('resumes where it stopped', async () => {
    const { page } = session;
    const stoppedAt = trainingRows(run).at(-1)!.step;
    await runCommand(page, 'SSM Studio: Resume');
    await until(
      'going on',
      () => curvesShown(page),
      ({ lastStep }) => lastStep > stoppedAt + 5,
      60_000,
    );
    const steps = trainingRows(run).map(({ step }) => step);
    assert.deepEqual(
      steps,
      steps.map((_, index) => index + 1),
    );
    assert.deepEqual(runFolders(session.workspace), [run]);
    await runCommand(page, 'SSM Studio: Stop');
    await until(
      'stopped',
      () => runInfo(run).status,
      (status) => status === 'stopped',
    );
  });

  it('shows the scan with the numbers of inspect --json', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Inspect Scan');
    await until(
      'the scan',
      () => scanShown(page),
      ({ busy }) => !busy,
      60_000,
    );
    await session.screenshot('scan');
    const first = await compareScan(session, run);
    const frame = await scanFrame(page);
    await frame.locator('input[name=layer][value="1"]').check({ force: true });
    await until(
      'layer 1',
      () => scanShown(page),
      ({ busy, layer }) => !busy && layer === 1,
      60_000,
    );
    const second = await compareScan(session, run);
    assert.notDeepEqual(second, first, 'another layer shows the same numbers');
    await frame.getByLabel('Example', { exact: true }).fill('1');
    await frame.getByLabel('Example', { exact: true }).press('Enter');
    await until(
      'example 1',
      () => scanShown(page),
      ({ busy, example }) => !busy && example === 1,
      60_000,
    );
    const third = await compareScan(session, run);
    assert.notDeepEqual(third, second, 'another example shows the same numbers');
    await session.screenshot('scan-table');
  });

  it('draws both panels in all four themes', async () => {
    const { page } = session;
    await dismissNotifications(page);
    await runCommand(page, 'SSM Studio: Open Curves');
    // A curve that fills the plot: the losses around chance (ln 16).
    await zoomTo(page, 'whole');
    await zoomTo(page, 0.02, 0.98, [0.4, 0.75]);
    const scanPage = await scanFrame(page);
    await scanPage.locator('[data-testid=show-table]').click();
    for (const theme of themes) {
      await setTheme(page, theme);
      const name = theme.toLowerCase().replaceAll(' ', '-');
      await runCommand(page, 'SSM Studio: Open Curves');
      const curves = await until(
        'curves drawn',
        async () => inkOf(await curvesFrame(page)),
        (ink) => ink > 0.05,
      );
      await session.screenshot(`curves-${name}`);
      await runCommand(page, 'SSM Studio: Inspect Scan');
      const scan = await until(
        'scan drawn',
        async () => inkOf(await scanFrame(page)),
        (ink) => ink > 0.05,
      );
      await session.screenshot(`scan-${name}`);
      console.log(`      ${theme}: curves ${(100 * curves).toFixed(0)} %, scan ${(100 * scan).toFixed(0)} %`);
    }
  });

  it('has no error in the console and no violation of the content policy', () => {
    assert.deepEqual(session.problems, []);
  });
});

/** Compares the scan panel's data table with the command line's numbers; returns the table. */
async function compareScan(session: EditorSession, run: string): Promise<number[][]> {
  const { page } = session;
  const { layer, example } = await scanShown(page);
  const frame = await scanFrame(page);
  const shown = await scanTable(page);
  const probe = await frame.getByLabel('Probe', { exact: true }).inputValue();
  const answer = (await cliJson(
    ['inspect', run, '--layer', String(layer), '--example', String(example), '--json'],
    session.workspace,
  )) as Inspection;
  const { shape, data } = answer.probes[probe]!;
  const rows = shape[0]!;
  assert.equal(shown.length, rows, `${probe} has ${rows} positions`);
  const width = data.length / rows;
  for (const [position, cells] of shown.entries()) {
    const row = data.slice(position * width, (position + 1) * width);
    // A probe with more axes shows one channel: its cells are a part of the row.
    assert.ok(cells.length > 0);
    if (cells.length === width)
      cells.forEach((value, index) => near(value, row[index]!, `${probe}[${position}][${index}]`));
    else
      for (const value of cells)
        assert.ok(row.some((other) => Math.abs(other - value) <= 1e-6 * Math.max(1, Math.abs(other))));
  }
  return shown;
}

function near(actual: number, expected: number, what: string): void {
  assert.ok(
    Math.abs(actual - expected) <= 1e-6 * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}, not ${expected}`,
  );
}
