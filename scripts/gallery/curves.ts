/** @file The pictures of the Curves panel for `npm run gallery`. */
import { nineRuns, rowsMessage, runsMessage, shape, type Shape } from '../../test/panels/curves-fixture';
import type { Harness } from '../../test/panels/harness';
import { sweepRuns } from '../../test/panels/sweep-fixture';
import type { ThemeName } from '../../test/panels/themes';
import { photograph, themeNames, type Size } from './photograph';

interface Shot extends Size {
  readonly name: string;
  readonly theme?: ThemeName;
  readonly runs: readonly Shape[];
  readonly view?: 'sweep';
  /** Leaves out the rows of the runs, or the runs too. */
  readonly answer?: 'no-rows' | 'none';
}

const failed = shape({
  name: 'lr-1e-1',
  group: 'g7',
  palette: 7,
  fall: 700,
  floor: 0.4,
  at: 420,
  status: 'failed',
  error: 'The loss is not finite at step 420.',
});

export const curvesShots: readonly Shot[] = [
  ...themeNames.flatMap((theme): Shot[] => [
    { name: `curves-${theme}`, theme, runs: nineRuns },
    { name: `curves-sweep-${theme}`, theme, runs: sweepRuns(), view: 'sweep' },
    { name: `curves-empty-${theme}`, theme, runs: [] },
    { name: `curves-failed-${theme}`, theme, runs: [nineRuns[0]!, failed] },
    { name: `curves-loading-${theme}`, theme, runs: [], answer: 'none' },
  ]),
  { name: 'curves-one', runs: nineRuns.slice(0, 1) },
  { name: 'curves-waiting', runs: nineRuns.slice(0, 2), answer: 'no-rows' },
  { name: 'curves-narrow', runs: nineRuns, width: 420 },
  { name: 'curves-sweep-narrow', runs: sweepRuns(), view: 'sweep', width: 420 },
  {
    name: 'curves-many',
    runs: Array.from({ length: 48 }, (_, k) =>
      shape({
        name: `run-${k}`,
        group: `m${k}`,
        palette: k % 12,
        fall: 300 + 23 * k,
        floor: 0.001 * (1 + k),
        keys: {
          data: 'induction-heads',
          mixer: 'mamba',
          layers: 2,
          d_state: 16,
          seed: 0,
          lr: Number((1e-4 * (k + 1)).toPrecision(2)),
        },
      }),
    ),
  },
];

export async function shootCurves(harness: Harness, shot: Shot, out: string): Promise<void> {
  const { runs, view, answer } = shot;
  const options = view ? { state: { version: 1, panel: 'test', view } } : {};
  await photograph(harness, 'curves', shot, out, options, async (panel) => {
    if (answer === 'none') return;
    await panel.post(runsMessage(runs));
    if (answer !== 'no-rows' && runs.length > 0) await panel.post(rowsMessage(runs));
    // Charts of many rows wait for the worker's pictures.
    await panel.page.waitForFunction(() => !document.querySelector('.plot[data-lines=waiting]'));
    await panel.page.waitForTimeout(350);
  });
}
