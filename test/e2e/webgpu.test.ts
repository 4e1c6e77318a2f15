/** @file Training on a GPU from the editor with the packaged extension: the device, half precision and the end of the run. */
import assert from 'node:assert/strict';
import { deviceProblem } from '../../src/runtime/ort';
import { openFile, runCommand, until } from './support/actions';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';
import { keepFailures } from './support/failures';
import { curvesShown } from './support/panels';
import { endRuns, rows, runFolders, runInfo } from './support/runs';
import { extensionUnderTest } from './support/vsix';

const STEPS = 30;
const config = (precision: string): string => `device: webgpu
data: {type: induction-heads, length: 12, vocab_size: 6}
model:
  d_model: 16
  layers:
    - {mixer: mamba2, headdim: 8, d_state: 4}
    - mixer: mlp
train:
  steps: ${STEPS}
  batch_size: 4
  precision: ${precision}
`;

describe('a run on WebGPU', function () {
  let session: EditorSession;
  let precision: 'fp16' | 'fp32';
  before(async function () {
    const problem = await deviceProblem('webgpu');
    if (problem !== undefined) {
      this.test!.parent!.title += ` (skipped: no WebGPU device here: ${problem.slice(0, 120)})`;
      this.skip();
    }
    precision = (await deviceProblem('webgpu', 'float16')) === undefined ? 'fp16' : 'fp32';
    session = await openEditor({ ...extensionUnderTest(), files: { 'gpu.ssm.yaml': config(precision) } });
  });
  after(async () => {
    endRuns(session?.workspace);
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

  it('trains to its end and draws the curve, with nothing left to the CPU', async () => {
    const { page } = session;
    await openFile(page, 'gpu.ssm.yaml');
    await page.locator('.statusbar-item[aria-label^="No Problems"]').waitFor();
    await runCommand(page, 'SSM Studio: Train');
    const [dir] = await until(
      'a run',
      async () => runFolders(session.workspace),
      (found) => found.length === 1,
      60_000,
    );
    await until(
      'its end',
      async () => runInfo(dir!),
      ({ status }) => status !== 'running',
      150_000,
    );
    const info = runInfo(dir!);
    assert.deepEqual([info.status, info.device, info.error], ['finished', 'webgpu', undefined]);
    // In half precision the first steps may overflow; they are told apart and have no point.
    const done = rows(dir!).filter(({ loss, event }) => loss !== undefined && event === undefined);
    assert.ok(done.length > STEPS / 2 && done.length <= STEPS);
    assert.ok(done.every(({ loss }) => Number.isFinite(loss)));
    await until(
      'all points on the curve',
      () => curvesShown(page),
      ({ points, lastStep }) => points === done.length && lastStep === STEPS,
      60_000,
    );
    await session.screenshot(`webgpu-${precision}`);
  });
});
