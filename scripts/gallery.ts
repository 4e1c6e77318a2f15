/**
 * @file `npm run gallery [name …]`: every view of the panels in every theme and state, the HTML page of a run, the
 * Runs view and the summary of a checkpoint, as pictures in docs/gallery. The real pages in headless Chromium, on examples
 * that are computed here; the last two in a real editor, with the extension as `npm run build` left it. Look at each after
 * a change.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Harness } from '../test/panels/harness';
import { curvesShots, shootCurves } from './gallery/curves';
import { editorShots, shootEditor } from './gallery/editor';
import { playgroundShots, shootPlayground } from './gallery/playground';
import { reportShots, shootReport } from './gallery/report';
import { scanShots, shootScan } from './gallery/scan';

const OUT = join(__dirname, '..', 'docs', 'gallery');
/** Pages that are open at once: most of a picture's time is waiting for frames. */
const LANES = 3;

async function main(): Promise<void> {
  const only = process.argv.slice(2);
  const wanted = ({ name }: { readonly name: string }): boolean =>
    only.length === 0 || only.some((start) => name.startsWith(start));
  mkdirSync(OUT, { recursive: true });
  const harness = await Harness.start();
  const jobs = [
    ...scanShots.filter(wanted).map((shot) => () => shootScan(harness, shot, OUT)),
    ...curvesShots.filter(wanted).map((shot) => () => shootCurves(harness, shot, OUT)),
    ...playgroundShots.filter(wanted).map((shot) => () => shootPlayground(harness, shot, OUT)),
    ...reportShots.filter(wanted).map((shot) => () => shootReport(harness, shot, OUT)),
  ].values();
  const lane = async (): Promise<void> => {
    for (const job of jobs) await job();
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
    if (editorShots.some(wanted)) await shootEditor(OUT);
    const shots = [...scanShots, ...curvesShots, ...playgroundShots, ...reportShots, ...editorShots];
    // Pictures that are no longer made go last, so that one that is broken off loses none.
    const made = new Set(shots.map(({ name }) => `${name}.png`));
    for (const file of readdirSync(OUT)) if (only.length === 0 && !made.has(file)) rmSync(join(OUT, file));
  } finally {
    await harness.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
