import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { RunFolderError, RunReader, RunWriter } from '../../src/runs';
import { newRun, temporaryFolder, trainRow } from './run';
import { processorTime } from '../util/processor-time';

describe('following a run', () => {
  const writers: RunWriter[] = [];
  after(() => writers.forEach((writer) => writer.close('stopped')));
  const root = temporaryFolder();
  let number = 0;
  const open = (): { dir: string; writer: RunWriter; reader: RunReader; file: string } => {
    const dir = join(root, `run-${number++}`);
    const writer = RunWriter.create(dir, newRun, '');
    writers.push(writer);
    return { dir, writer, reader: new RunReader(dir), file: join(dir, 'metrics.jsonl') };
  };
  const steps = (reader: RunReader, table = 'train'): number[] => [
    ...(reader.tables.get(table)?.column('step') ?? []),
  ];

  it('reads rows into columns, as they come', async () => {
    const { writer, reader } = open();
    assert.equal(await reader.poll(), true, 'run.json is new');
    assert.equal(await reader.poll(), false);
    writer.row(trainRow(1));
    writer.row(trainRow(2));
    assert.equal(await reader.poll(), true);
    const table = reader.tables.get('train')!;
    assert.deepEqual([...table.column('loss')!], [2, 1]);
    assert.deepEqual(reader.last, trainRow(2));
    for (let step = 3; step <= 700; step++) writer.row(trainRow(step));
    await reader.poll();
    assert.equal(reader.tables.get('train'), table, 'the same table grows');
    assert.deepEqual(table.column('tokens')!.at(-1), 700 * 2048);
    assert.equal(table.column('loss')!.length, 700);
    assert.equal(table.column('nothing'), undefined);
    assert.equal(reader.generation, 0);
  });

  it('sorts evaluations by split, with metrics of their own', async () => {
    const { writer, reader } = open();
    writer.row({ step: 5, eval: { split: 'validation', loss: 1.5, accuracy: 0.25 } });
    writer.row({ step: 10, eval: { split: 'validation', loss: NaN, bits_per_byte: 2.5 } });
    writer.row({ step: 10, eval: { split: 'test', loss: 1 }, memory: 1e8, memory_peak: 2e8 });
    await reader.poll();
    assert.deepEqual(steps(reader, 'eval/validation'), [5, 10]);
    const table = reader.tables.get('eval/validation')!;
    assert.deepEqual([...table.column('loss')!], [1.5, NaN]);
    assert.deepEqual([...table.column('bits_per_byte')!], [NaN, 2.5]);
    assert.deepEqual([...table.column('accuracy')!], [0.25, NaN]);
    assert.deepEqual(steps(reader, 'eval/test'), [10]);
    assert.deepEqual([...reader.tables.get('eval/test')!.column('memory_peak')!], [2e8]);
    assert.deepEqual(reader.evals[2], { step: 10, eval: { split: 'test', loss: 1 } });
    assert.deepEqual(reader.evals[0], { step: 5, eval: { split: 'validation', loss: 1.5, accuracy: 0.25 } });
    assert.equal(reader.evals[1]?.eval['loss'], NaN);
  });

  it('reads strings for numbers that are not finite', async () => {
    const { writer, reader } = open();
    writer.row({ ...trainRow(1), loss: NaN, grad_norm: Infinity, note: 'text' });
    await reader.poll();
    assert.deepEqual(reader.last, { ...trainRow(1), loss: NaN, grad_norm: Infinity });
  });

  it('waits for the end of a torn line, wherever it is torn', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat(60), { maxLength: 12 }), async (cuts) => {
        const dir = join(root, `torn-${number++}`);
        fs.mkdirSync(dir);
        fs.writeFileSync(join(dir, 'run.json'), fs.readFileSync(join(whole.dir, 'run.json')));
        const reader = new RunReader(dir);
        const rows = [
          trainRow(1),
          { step: 1, event: 'checkpoint', path: 'é€😀' },
          trainRow(2),
          { step: 2, eval: { split: 'validation', loss: 1 } },
        ];
        const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          fs.appendFileSync(join(dir, 'metrics.jsonl'), bytes.subarray(at, at + cut));
          at += cut;
          await reader.poll();
        }
        assert.deepEqual(steps(reader), [1, 2]);
        assert.deepEqual(reader.events, [rows[1]]);
        assert.equal(reader.evals.length, 1);
        assert.equal(reader.unreadable, 0);
      }),
      { numRuns: 40 },
    ));
  const whole = { dir: '' };
  before(() => {
    whole.dir = open().dir;
  });

  it('counts lines that are no rows and reads the others', async () => {
    const { writer, reader, file } = open();
    writer.row(trainRow(1));
    fs.appendFileSync(file, 'nonsense\n[1]\n{"loss":3}\n{"step":"2"}\n{"step":-1}\n\n\u0000\u0000\n');
    writer.row(trainRow(2));
    await reader.poll();
    assert.deepEqual(steps(reader), [1, 2]);
    assert.equal(reader.unreadable, 6);
  });

  it('survives a line without end that is longer than any row', async () => {
    const { writer, reader, file } = open();
    fs.appendFileSync(file, Buffer.alloc(17 << 20, 0x61));
    await reader.poll();
    fs.appendFileSync(file, Buffer.alloc(1 << 20, 0x61));
    await reader.poll();
    fs.appendFileSync(file, '\n');
    writer.row(trainRow(1));
    await reader.poll();
    assert.deepEqual(steps(reader), [1]);
    assert.equal(reader.unreadable, 1);
  });

  it('drops what a resume repeats', async () => {
    const { writer, reader } = open();
    for (let step = 1; step <= 6; step++) {
      writer.row(trainRow(step));
      if (step % 2 === 0) writer.row({ step, eval: { split: 'validation', loss: step } });
      if (step === 4 || step === 6) writer.row({ step, event: 'checkpoint', path: `step-${step}` });
    }
    await reader.poll();
    const { generation } = reader;
    writer.row({ step: 4, event: 'resume', from: 4 });
    await reader.poll();
    assert.deepEqual(steps(reader), [1, 2, 3, 4]);
    assert.deepEqual(steps(reader, 'eval/validation'), [2, 4]);
    assert.deepEqual(
      reader.events.map(({ step, event }) => [step, event]),
      [
        [4, 'checkpoint'],
        [4, 'resume'],
      ],
    );
    assert.equal(reader.evals.length, 2);
    assert.notEqual(reader.generation, generation, 'who copied rows must start over');
    writer.row({ ...trainRow(5), loss: 9 });
    await reader.poll();
    assert.deepEqual([...reader.tables.get('train')!.column('loss')!].slice(-1), [9]);
    // From scratch the same is read at once.
    const later = new RunReader(reader.dir);
    await later.poll();
    assert.deepEqual(steps(later), [1, 2, 3, 4, 5]);
  });

  it('keeps rows that a resume does not repeat, and the generation', async () => {
    const { writer, reader } = open();
    writer.row(trainRow(1));
    await reader.poll();
    writer.row({ step: 1, event: 'resume', from: 1 });
    await reader.poll();
    assert.deepEqual(steps(reader), [1]);
    assert.equal(reader.generation, 0);
  });

  it('gives columns of dropped rows no old values back', async () => {
    const { writer, reader } = open();
    writer.row({ step: 1, loss: 1 });
    writer.row({ step: 2, loss: 1, extra: 7 });
    writer.row({ step: 1, event: 'resume', from: 1 });
    writer.row({ step: 2, loss: 1 });
    await reader.poll();
    assert.deepEqual([...reader.tables.get('train')!.column('extra')!], [NaN, NaN]);
  });

  for (const [what, replace] of [
    ['shrunk', (file: string) => fs.writeFileSync(file, `${JSON.stringify(trainRow(7))}\n`)],
    [
      'replaced by a longer one',
      (file: string) => {
        fs.rmSync(file);
        fs.writeFileSync(file, [7, 8, 9].map((step) => `${JSON.stringify(trainRow(step))}\n`).join(''));
      },
    ],
    ['deleted', (file: string) => fs.rmSync(file)],
  ] as const) {
    it(`starts over when the file was ${what}`, async () => {
      const { writer, reader, file } = open();
      writer.row(trainRow(1));
      writer.row(trainRow(2));
      await reader.poll();
      const { generation } = reader;
      replace(file);
      assert.equal(await reader.poll(), true);
      assert.notEqual(reader.generation, generation);
      const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
      assert.deepEqual(
        steps(reader),
        text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line).step),
      );
      assert.equal(await reader.poll(), false);
    });
  }

  it('reads the rest of a file whose torn end a resumed run removed', async () => {
    const { dir, file, writer, reader } = open();
    writer.row(trainRow(1));
    writer.close('stopped');
    fs.appendFileSync(file, '{"step":2,"loss":1,"lr":0.1,"grad_norm":1,"tok');
    await reader.poll();
    const resumed = RunWriter.reopen(dir);
    resumed.row({ step: 1, event: 'resume', from: 1 });
    resumed.row(trainRow(2));
    resumed.close('finished');
    await reader.poll();
    assert.deepEqual(steps(reader), [1, 2]);
    assert.equal(reader.unreadable, 0);
    assert.equal(reader.status, 'finished');
  });

  it('shares one read between calls at the same time', async () => {
    const { writer, reader } = open();
    writer.row(trainRow(1));
    const results = await Promise.all([reader.poll(), reader.poll(), reader.poll()]);
    assert.deepEqual(results, [true, true, true]);
    assert.deepEqual(steps(reader), [1]);
  });

  it('says when there is no run', async () => {
    await assert.rejects(new RunReader(join(root, 'none')).poll(), (error: unknown) => {
      assert.ok(error instanceof RunFolderError && error.problem === 'no-run');
      return true;
    });
    assert.throws(() => new RunReader(root).info, /call poll first/);
  });

  it('reads 100,000 rows quickly, and one more at once', async function () {
    this.timeout(20_000);
    const { writer, reader } = open();
    for (let start = 1; start <= 1e5; start += 1000) {
      writer.rows(Array.from({ length: 1000 }, (_, i) => trainRow(start + i)));
    }
    await reader.poll();
    let cold = reader;
    const all = await processorTime(3000, () => {
      cold = new RunReader(reader.dir);
      return cold.poll();
    });
    assert.equal(cold.tables.get('train')!.length, 1e5);
    let last = 1e5;
    const one = await processorTime(50, () => {
      writer.row(trainRow(++last));
      return cold.poll();
    });
    // Usually 150 ms and 0.5 ms.
    assert.ok(all < 3000, `${all} ms for all rows`);
    assert.ok(one < 50, `${one} ms for one`);
    assert.equal(cold.last!.step, last);
  });
});
