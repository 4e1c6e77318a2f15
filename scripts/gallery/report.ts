/** @file The pictures of a run's HTML page (`ssm export --format html`) for `npm run gallery`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { htmlReport } from '../../src/runtime/export/report';
import { RUN_FILE } from '../../src/protocol/run';
import { RunReader, RunWriter } from '../../src/runs';
import { uniform } from '../../test/panels/curves-fixture';
import type { Harness } from '../../test/panels/harness';
import { newRun } from '../../test/runs/sample';
import type { Size } from './photograph';

interface Shot extends Size {
  readonly name: string;
  readonly scheme: 'light' | 'dark';
}

export const reportShots: readonly Shot[] = [
  { name: 'report-light', scheme: 'light' },
  { name: 'report-dark', scheme: 'dark' },
  { name: 'report-narrow', scheme: 'light', width: 420 },
];

const STEPS = 1500;
const EXAMPLE = join(__dirname, '..', '..', 'examples', 'induction-heads.ssm.yaml');

/** A run on induction heads as small models make them: a plateau at ln 16, then a fall over decades. */
async function page(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gallery-'));
  try {
    const config = readFileSync(EXAMPLE, 'utf8');
    const dir = join(folder, 'induction-heads', 'mamba');
    const writer = RunWriter.create(dir, { ...newRun, parameters: 20_960, steps: STEPS }, config);
    const random = uniform(3);
    const lossAt = (step: number): number => 0.002 + 2.77 / (1 + Math.exp((step - 620) / 90));
    for (let step = 1; step <= STEPS; step++) {
      writer.row({
        step,
        loss: lossAt(step) * (0.94 + 0.12 * random()),
        lr: 2e-3 * Math.min(1, step / 100) * (0.55 + 0.45 * Math.cos((Math.PI * step) / STEPS)),
        grad_norm: 0.05 + Math.exp(-(((step - 620) / 200) ** 2)) * (0.5 + random()),
        tokens: step * 512,
        flops: step * 1.6e8,
        seconds: step * 0.05,
      });
      if (step % 100 !== 0) continue;
      const loss = lossAt(step) * 1.05;
      writer.row({ step, eval: { split: 'validation', loss, accuracy: Math.exp(-loss), examples: 256 } });
    }
    writer.close('finished');
    // The same picture every time it is made.
    const file = join(dir, RUN_FILE);
    const info = JSON.parse(readFileSync(file, 'utf8')) as object;
    const times = { started: '2026-01-05T10:00:00.000Z', ended: '2026-01-05T10:01:15.000Z' };
    writeFileSync(file, JSON.stringify({ ...info, ...times }));
    const reader = new RunReader(dir);
    await reader.poll();
    return htmlReport(reader, config);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let made: Promise<string> | undefined;

export async function shootReport(harness: Harness, shot: Shot, out: string): Promise<void> {
  const { name, scheme, width = 960 } = shot;
  made ??= page();
  await harness.showing(await made, { width, height: 720, scheme }, async (opened) => {
    await opened.screenshot({ path: join(out, `${name}.png`), fullPage: true });
  });
}
