/** @file An editor over two small trained runs that differ in their seed, for suites about the panels. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Frame } from 'playwright-core';
import { root } from '../../../scripts/steps.mjs';
import { openEditor, panelFrame, type EditorSession } from './editor';
import { extensionUnderTest } from './vsix';

export const STEPS = 12;
const NAMES = ['small', 'other'] as const;

const config = (seed: number): string => `data: {type: induction-heads, length: 16}
model: {d_model: 16, layers: [{mixer: mamba, d_state: 4, repeat: 2}]}
train: {steps: ${STEPS}, batch_size: 2, probe_every: 2}
eval: {every: 6, examples: 8}
seed: ${seed}
device: cpu
`;

/** Where the run of a config lies: its folder is `run-<name>`. */
export const runFolder = (session: EditorSession, name: string): string =>
  path.join(session.workspace, 'runs', name, `run-${name}`);

/** Opens the editor on `small.ssm.yaml` and `other.ssm.yaml`, and trains both. */
export async function openTwoRuns(): Promise<EditorSession> {
  const session = await openEditor({
    ...extensionUnderTest(),
    files: Object.fromEntries(NAMES.map((name, index) => [`${name}.ssm.yaml`, config(index + 1)])),
  });
  const cli = path.join(root, 'dist', 'cli.js');
  await Promise.all(
    NAMES.map((name) =>
      promisify(execFile)(process.execPath, [
        cli,
        'train',
        path.join(session.workspace, `${name}.ssm.yaml`),
        ...['--run-dir', runFolder(session, name), '--quiet'],
      ]),
    ),
  );
  return session;
}

/** The Scan panel once it is not busy and matches `more`, a selector of its attributes. */
export const scanFrame = (session: EditorSession, more: string): Promise<Frame> =>
  panelFrame(session.page, `[data-testid=scan][data-busy=false]${more}`, 60_000);

/** What the figure says to a screen reader. */
export const summaryOf = (frame: Frame): Promise<string> => frame.locator('#figure-summary').innerText();
