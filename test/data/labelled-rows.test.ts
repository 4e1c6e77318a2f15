/** @file Rows of tables as labelled sequences: standardised, split, and named where they are wrong. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { dataFolder, problem } from './folder';

const { write, open } = dataFolder();

const value = (row: number, column: number): number => (column === 2 ? 5 : (row * (column + 3)) % 17);
const names = ['x', 'y', 'z', 'w'];
const rows = Array.from({ length: 40 }, (_, row) => {
  const numbers = names.map((_name, column) => String(value(row, column)));
  return [...numbers.slice(0, 1), row % 2 ? 'odd' : 'even', ...numbers.slice(1)].join(',');
});
const table = ['x,kind,y,z,w', ...rows].join('\n');
const options = { files: ['t.csv'], label: 'kind', classes: ['even', 'odd'], length: 2, features: 2 };

describe('labelled rows', () => {
  before(() => {
    write('t.csv', table);
    write('bare.csv.gz', gzipSync(rows.join('\n')));
  });

  it('are the columns beside the label, standardised by what trains', async () => {
    const data = await open('labelled-rows', options);
    assert.deepEqual([data.shape.length, data.shape.input], [2, { kind: 'vectors', features: 2 }]);
    assert.deepEqual([data.count('validation'), data.count('test')], [4, 4]);
    const { inputs } = data.trainBatch(0, 32);
    for (let column = 0; column < 4; column++) {
      const seen = Array.from({ length: 32 }, (_, row) => inputs[row * 4 + column]!);
      const mean = seen.reduce((sum, v) => sum + v, 0) / 32;
      const square = seen.reduce((sum, v) => sum + v * v, 0) / 32;
      assert.ok(Math.abs(mean) < 1e-5);
      assert.ok(Math.abs(square - (column === 2 ? 0 : 1)) < 1e-4);
    }
    // Every row is in one part, with its own class: as many of each as there are.
    const all = [data.trainBatch(0, 32), data.heldOut('validation', 0, 4), data.heldOut('test', 0, 4)];
    const kinds = all.flatMap(({ targets }) => [...targets]);
    assert.equal(kinds.filter((kind) => kind === 1).length, 20);
    const distinct = new Set(
      all.flatMap((batch) =>
        Array.from({ length: batch.size }, (_, row) =>
          [...batch.inputs.slice(row * 4, row * 4 + 4), batch.targets[row]].join(),
        ),
      ),
    );
    assert.equal(distinct.size, new Set(rows).size);
  });

  it('may lack a header, and be packed', async () => {
    const bare = await open('labelled-rows', {
      ...options,
      files: ['bare.csv.gz'],
      header: false,
      label: '2',
    });
    const same = await open('labelled-rows', options);
    assert.deepEqual(bare.heldOut('test', 0, 4), same.heldOut('test', 0, 4));
  });

  it('that do not fit are named', async () => {
    const refused = (more: object, path: string[], message: RegExp) =>
      assert.rejects(open('labelled-rows', { ...options, ...more }), problem(path, message));
    await refused({ label: 'class' }, ['label'], /no column class; it has x, kind, y, z, w/);
    await refused({ length: 5 }, ['length'], /4 columns beside kind, but `length` · `features` is 10/);
    await refused({ classes: ['even', 'other'] }, ['classes'], /row 2 is of the class odd/);
    write('gap.csv', table.replace('\n0,even,0,5,0', '\n0,even,0,,0'));
    await refused({ files: ['gap.csv'] }, ['files'], /row 1 holds "" in column z/);
  });
});
