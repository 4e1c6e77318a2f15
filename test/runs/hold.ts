/** @file A process that trains, as far as a run folder can tell: `hold.ts DIR [ROWS]`; it ends when it is killed. */
import { RunWriter } from '../../src/runs';
import { newRun, trainRow } from './sample';

const [dir, rows = '3'] = process.argv.slice(2);
const writer = RunWriter.create(dir!, newRun, 'data: induction-heads\n');
for (let step = 1; step <= Number(rows); step++) writer.row(trainRow(step));
process.stdout.write('ready\n');
setInterval(() => {}, 1000);
