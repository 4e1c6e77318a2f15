/**
 * @file The pictures of what stands in the editor itself for `npm run gallery`: the Runs view and the summary of a
 * checkpoint, in a real editor with the extension as it was built last.
 */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { RunWriter, writeNotes } from '../../src/runs';
import {
  chooseFromMenu,
  dismissNotifications,
  runCommand,
  runRows,
  showRuns,
  until,
} from '../../test/e2e/support/actions';
import { closeBrowser, openEditor, type EditorSession } from '../../test/e2e/support/editor';
import { setTheme } from '../../test/e2e/support/panels';
import { newRun, trainRow } from '../../test/runs/sample';
import { themeNames } from './photograph';

const ROOT = join(__dirname, '..', '..');
const editorThemes = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  'hc-dark': 'Dark High Contrast',
  'hc-light': 'Light High Contrast',
} as const;

export const editorShots = themeNames.flatMap((theme) =>
  ['runs-empty', 'runs', 'checkpoint'].map((what) => ({ name: `${what}-${theme}`, what, theme })),
);

interface Example {
  readonly config: string;
  readonly folder: string;
  readonly steps: number;
  readonly accuracy: number;
  /** Absent while it runs. */
  readonly ended?: 'finished' | 'stopped' | 'failed';
  readonly notes?: Parameters<typeof writeNotes>[1];
}

const examples: readonly Example[] = [
  {
    config: 'induction-heads',
    folder: '20260105-091500-3c1d',
    steps: 1000,
    accuracy: 0.984,
    ended: 'finished',
  },
  {
    config: 'induction-heads',
    folder: '20260105-100000-a1b2',
    steps: 1000,
    accuracy: 0.9985,
    ended: 'finished',
    notes: { name: 'd_state 16', pinned: true, tags: ['paper'] },
  },
  { config: 'induction-heads', folder: '20260105-112000-77f0', steps: 420, accuracy: 0.31 },
  { config: 'shakespeare', folder: '20260104-180000-09ab', steps: 600, accuracy: 0.52, ended: 'stopped' },
  { config: 'shakespeare', folder: '20260104-174500-5e5e', steps: 37, accuracy: 0.11, ended: 'failed' },
];

/** Run folders of every state. Returns what ends the one that runs. */
function writeRuns(workspace: string): () => void {
  const open: RunWriter[] = [];
  for (const { config, folder, steps, accuracy, ended, notes } of examples) {
    const dir = join(workspace, 'runs', config, folder);
    const run = { ...newRun, steps: 1000, parameters: 20_960, config: join(workspace, `${config}.ssm.yaml`) };
    const writer = RunWriter.create(dir, run, 'data: induction-heads\n');
    for (let step = 1; step <= steps; step++) writer.row({ ...trainRow(step), loss: 2.77 * 0.994 ** step });
    writer.row({ step: steps, eval: { split: 'validation', loss: 2.8 * 0.994 ** steps, accuracy } });
    if (notes) writeNotes(dir, notes);
    if (ended)
      writer.close(ended, ended === 'failed' ? `The loss is not finite at step ${steps}.` : undefined);
    else open.push(writer);
  }
  return () => open.forEach((writer) => writer.close('stopped'));
}

/** Drags the edge of the side bar, so that the numbers behind the names have room. */
async function widen({ page }: EditorSession, by: number): Promise<void> {
  const { x, y, width, height } = (await page.locator('.part.sidebar').boundingBox())!;
  const [edge, middle] = [x + width, y + height / 2];
  await page.mouse.move(edge, middle);
  await page.mouse.down();
  await page.mouse.move(edge + by, middle, { steps: 8 });
  await page.mouse.up();
}

async function openWeights({ page }: EditorSession): Promise<void> {
  await runCommand(page, 'View: Show Explorer');
  const folder = page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'mamba-tiny' });
  await chooseFromMenu(folder, 'Open Checkpoint');
  await page.locator('.codelens-decoration a', { hasText: 'Fine-Tune' }).waitFor();
}

/** All of them, in one editor. */
export async function shootEditor(out: string): Promise<void> {
  if (!existsSync(join(ROOT, 'dist', 'extension.js')))
    throw new Error('The pictures of the editor want the built extension: npm run build, then again.');
  const session = await openEditor({ settings: { 'editor.minimap.enabled': false } });
  let end: (() => void) | undefined;
  try {
    const { page, workspace } = session;
    const shoot = async (what: string, selector: string): Promise<void> => {
      for (const theme of themeNames) {
        await setTheme(page, editorThemes[theme]);
        await dismissNotifications(page);
        // Off everything that would explain itself in a box, and until the last box is gone.
        await page.mouse.move(1150, 480);
        await page.waitForTimeout(900);
        const part = page.locator(selector).first();
        await part.screenshot({ path: join(out, `${what}-${theme}.png`), animations: 'disabled' });
      }
    };
    await page.setViewportSize({ width: 1200, height: 560 });
    await showRuns(page);
    await widen(session, 140);
    await page.locator('.welcome-view', { hasText: 'No runs yet' }).waitFor();
    await shoot('runs-empty', '.part.sidebar');
    end = writeRuns(workspace);
    await until(
      'the runs',
      () => runRows(page),
      (rows) => rows.length >= examples.length + 2,
    );
    await shoot('runs', '.part.sidebar');
    cpSync(join(ROOT, 'test', 'golden', 'hf-mamba-tiny'), join(workspace, 'mamba-tiny'), { recursive: true });
    await openWeights(session);
    await shoot('checkpoint', '.part.editor');
  } finally {
    end?.();
    await session.close();
    await closeBrowser();
  }
}
