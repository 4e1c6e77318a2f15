/** @file What the end of a window means: by setting, its runs stop; the language server always goes with it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { openFile, runCommand, until } from './support/actions';
import { smallConfig } from './support/config';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';
import { runFolders, runInfo, trainingRows } from './support/runs';
import { extensionUnderTest } from './support/vsix';

/** Processes whose command line and environment name all of these. */
function processes(...parts: string[]): number[] {
  const read = (pid: string, name: string): string => {
    try {
      return fs.readFileSync(`/proc/${pid}/${name}`, 'utf8');
    } catch {
      return '';
    }
  };
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const text = read(pid, 'cmdline') + read(pid, 'environ');
      return parts.every((part) => text.includes(part));
    })
    .map(Number);
}

const languageServers = (): number[] => processes('dist/server.js', `SSM_TEST_WINDOW=window-${process.pid}`);

describe('the end of a window', () => {
  let session: EditorSession;
  let run = '';
  before(async () => {
    session = await openEditor({
      ...extensionUnderTest(),
      settings: { 'ssm.runs.whenWindowCloses': 'stop', 'ssm.runs.openCurves': false },
      environment: { SSM_TEST_WINDOW: `window-${process.pid}` },
      files: { 'small.ssm.yaml': smallConfig(200_000) },
    });
  });
  after(async () => {
    if (run !== '' && runInfo(run).status === 'running') process.kill(runInfo(run).pid, 'SIGKILL');
    await session?.close();
    await closeBrowser();
  });

  it('stops the runs that it started, with a checkpoint, where the setting says so', async () => {
    const { page } = session;
    await openFile(page, 'small.ssm.yaml');
    await runCommand(page, 'SSM Studio: Train');
    [run = ''] = await until(
      'a run',
      () => runFolders(session.workspace),
      (runs) => runs.length === 1,
      60_000,
    );
    await until(
      'rows',
      () => trainingRows(run).length,
      (rows) => rows > 5,
      60_000,
    );
    assert.equal(languageServers().length, 1);
    await page.goto('about:blank');
    await until(
      'stopped',
      () => runInfo(run).status,
      (status) => status === 'stopped',
      60_000,
    );
    const step = trainingRows(run).at(-1)!.step;
    assert.ok(fs.existsSync(`${run}/checkpoints/step-${String(step).padStart(6, '0')}/model.safetensors`));
  });

  it('leaves no language server behind', async () => {
    await until('no server of this window', languageServers, (pids) => pids.length === 0, 60_000);
  });
});
