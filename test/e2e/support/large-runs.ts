/** @file Finished runs of many steps, as files of a workspace. */
import { stringifyRow } from '../../../src/protocol/run';
import { smallConfig } from './config';

/** The one row that a sample of the rows would miss. */
export const peak = { step: 31_234, loss: 9 } as const;

/** A fall over two decades, the same every time. */
const loss = (run: number, step: number): number =>
  step === peak.step
    ? peak.loss
    : (0.02 * (run + 1) + 3 * Math.exp(-step / 4000)) * (1 + 0.15 * Math.sin(step * (1.7 + run)));

const tokensPerStep = 64;

function metrics(run: number, rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) =>
    stringifyRow({
      step: i + 1,
      loss: loss(run, i + 1),
      lr: 1e-3,
      grad_norm: 0.5 + 0.1 * Math.sin(i),
      tokens: tokensPerStep * (i + 1),
      flops: 1e6 * (i + 1),
      seconds: 0.01 * (i + 1) + 0.001 * Math.sin(i),
    }),
  );
  return `${lines.join('\n')}\n`;
}

/** Run folders below `runs/large`, which differ in `d_state`. */
export function largeRuns(runs: number, rows: number): Record<string, string> {
  const started = new Date(0).toISOString();
  const files: Record<string, string> = {};
  for (let run = 0; run < runs; run++) {
    const id = `19700101-${String(run).padStart(6, '0')}-0000`;
    const info = {
      id,
      name: `large/${id}`,
      status: 'finished',
      pid: 0,
      host: 'elsewhere',
      heartbeat: started,
      started,
      ended: started,
      device: 'cpu',
      threads: 1,
      versions: {},
      config_hash: '',
      data_hash: '',
      parameters: 1000,
      steps: rows,
    };
    const folder = `runs/large/${id}`;
    files[`${folder}/run.json`] = JSON.stringify(info);
    files[`${folder}/config.ssm.yaml`] = smallConfig(rows).replace('d_state: 4', `d_state: ${4 + run}`);
    files[`${folder}/metrics.jsonl`] = metrics(run, rows);
  }
  return files;
}
