/** @file Tables for time series from R and gretl, packed or not, and what is said about damaged ones. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { packedNumbers, plainNumbers } from '../formats/packed';
import { dataFolder, problem } from './folder';
import { npy, zip } from './npy-writer';
import {
  doubles,
  int,
  integers,
  list,
  nil,
  pairs,
  serialized,
  strings,
  symbol,
  withAttributes,
  workspace,
} from './r-writer';

const { write, open } = dataFolder();

const steps = 60;
const value = (t: number, c: number): number => Math.sin(t / (3 + c)) + 0.01 * t * c;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const columnOf = (c: number): number[] => range(steps).map((t) => value(t, c));

const matrix = doubles([...columnOf(0), ...columnOf(1)], {
  dim: integers([steps, 2]),
  dimnames: withAttributes(19, Buffer.concat([int(2), nil, strings('a', 'b')])),
});
const frame = withAttributes(
  19,
  Buffer.concat([
    int(3),
    doubles(columnOf(0)),
    doubles(columnOf(1)),
    integers(
      range(steps).map((t) => 1 + (t % 2)),
      { levels: strings('low', 'high') },
    ),
  ]),
  { names: strings('a', 'b', 'kind'), 'row.names': integers([-(2 ** 31), -steps]) },
);
const series = doubles(columnOf(1), { tsp: doubles([1, 1 + (steps - 1) / 12, 12]) });

const gretl = (rows: string[], more = '', names = ['a', 'b']): string =>
  `<?xml version="1.0"?>\n<!DOCTYPE gretldata SYSTEM "gretldata.dtd">\n<gretldata name="x" frequency="4"${more}>\n` +
  `<description>1 &lt; 2</description>\n<variables count="2">\n` +
  names.map((name) => `<variable name="${name}"\n label="of ${name}"\n/>\n`).join('') +
  `</variables>\n<observations count="${rows.length}" labels="true">\n` +
  rows.map((row, i) => `<obs label="${i}">${row} </obs>\n`).join('') +
  '</observations>\n</gretldata>\n';
const gretlRows = range(steps).map((t) => `${value(t, 0)} ${value(t, 1)}`);
const csv = ['a,b', ...range(steps).map((t) => `${value(t, 0)},${value(t, 1)}`)].join('\n');

const options = { columns: ['b', 'a'], context: 4, horizon: 2 };
const read = (file: string, more: object = {}) => open('time-series', { ...options, files: [file], ...more });

describe('time series from', () => {
  let expected: { inputs: unknown; targets: unknown };
  before(async () => {
    write('two.csv', csv);
    const data = await read('two.csv');
    expected = data.heldOut('test', 0, data.count('test'));
    write('two.csv.gz', gzipSync(csv));
    write('two.gdt', gretl(gretlRows));
    write('packed.gdt', gzipSync(gretl(gretlRows)));
    write('matrix.rda', gzipSync(workspace({ m: matrix }, 3)));
    write('frame.RData', workspace({ other: nil, f: frame }));
    const packed = [matrix, series].map((item) => {
      const plain = serialized(item);
      return Buffer.concat([int(plain.length), deflateSync(plain)]);
    });
    const rowsOfBoth = range(steps).flatMap((t) => [value(t, 0), value(t, 1)]);
    write('two.npy', npy(rowsOfBoth, [steps, 2]));
    write('two.dat', zip({ 'x.npy': npy([1], [1]), 'y.npy': npy(rowsOfBoth, [steps, 2, 1]) }));
    write('two.npy.gz', gzipSync(npy([...columnOf(0), ...columnOf(1)], [steps, 2], 'f8', { fortran: true })));
    write('package/Rdata.rdb', Buffer.concat(packed));
    const places = {
      m: integers([0, packed[0]!.length]),
      s: integers([packed[0]!.length, packed[1]!.length]),
    };
    write(
      'package/Rdata.rdx',
      gzipSync(
        serialized(list({ variables: list(places), references: list({}), compressed: integers([1]) })),
      ),
    );
  });

  for (const [file, more] of [
    ['two.csv.gz', {}],
    ['two.gdt', {}],
    ['packed.gdt', {}],
    ['matrix.rda', {}],
    ['frame.RData', { object: 'f' }],
    ['package/Rdata.rdb', { object: 'm' }],
    ['two.npy', { columns: ['2', '1'] }],
    ['two.npy.gz', { columns: ['2', '1'] }],
    ['two.dat', { object: 'y', columns: ['2', '1'] }],
  ] as const) {
    it(`${file} are those of the same numbers as CSV`, async () => {
      const data = await read(file, more);
      assert.deepEqual(data.heldOut('test', 0, data.count('test')), expected);
    });
  }

  it('a vector of R has one column of its own name', async () => {
    const one = await read('package/Rdata.rdb', { object: 's', columns: ['s'] });
    const same = await read('two.csv', { columns: ['b'] });
    assert.deepEqual(one.heldOut('test', 0, 8), same.heldOut('test', 0, 8));
  });

  it('a vector of NumPy is called as its file, or as in its zip', async () => {
    write('vector.npy', npy(columnOf(1), [steps]));
    write('vector.npz', zip({ 'ecg.npy': npy(columnOf(1), [steps]) }));
    const same = await read('two.csv', { columns: ['b'] });
    for (const [file, column] of [
      ['vector.npy', 'vector'],
      ['vector.npz', 'ecg'],
    ] as const) {
      const data = await read(file, { columns: [column] });
      assert.deepEqual(data.heldOut('test', 0, 8), same.heldOut('test', 0, 8));
    }
    await assert.rejects(read('two.dat'), problem(['object'], /2 arrays; name one as `object`: it has x, y/));
    write(
      'objects.npz',
      zip({ 'a.npy': Buffer.from("\x93NUMPY\x01\x00\x10\x00{'descr': '|O'}\n", 'latin1') }),
    );
    await assert.rejects(read('objects.npz'), problem(['files'], /cannot be read: /));
  });

  it('files that are packed with xz, as R does with compress = "xz"', async () => {
    const fixture = (name: string): Buffer => readFileSync(join(__dirname, '../formats/fixtures', name));
    const waves = range(240).map((i) => Math.round(1000 * Math.sin(i / 7)) / 8);
    write('waves.rda', fixture('waves.rda'));
    write('plain.rda', workspace({ waves: doubles(waves, { dim: integers([120, 2]) }) }));
    const [packed, plain] = await Promise.all(
      ['waves.rda', 'plain.rda'].map((file) => read(file, { columns: ['1', '2'] })),
    );
    assert.equal(packed!.count('test'), 24 - 1);
    assert.deepEqual(packed!.heldOut('test', 0, 8), plain!.heldOut('test', 0, 8));
    write('streams.xz', fixture('streams.xz'));
    const rows = await read('streams.xz', { columns: ['a', 'b'] });
    assert.ok(rows.count('validation') > 100);
    write('damaged.rda', fixture('waves.rda').fill(7, 200, 220));
    await assert.rejects(read('damaged.rda'), problem(['files'], /cannot be unpacked: /));
  });

  it('a value that R packed with xz is unpacked', async () => {
    const bytes = plainNumbers();
    const packed = Buffer.concat([int(bytes.length), Buffer.from('Z'), packedNumbers()]);
    write('xz/Rdata.rdb', packed);
    const places = { s: integers([0, packed.length]) };
    write('xz/Rdata.rdx', gzipSync(serialized(list({ variables: list(places) }))));
    // It holds no value of R, which only its content can say.
    await assert.rejects(read('xz/Rdata.rdb'), problem(['files'], /it is no data of R/));
    write('xz/Rdata.rdb', Buffer.concat([packed.subarray(0, 300), Buffer.alloc(packed.length - 300)]));
    await assert.rejects(read('xz/Rdata.rdb'), problem(['files'], /it is damaged/));
  });

  it('R or gretl that cannot be read say what to do', async () => {
    await assert.rejects(
      read('package/Rdata.rdb'),
      problem(['object'], /2 objects; name one as `object`.*m, s/),
    );
    await assert.rejects(
      read('package/Rdata.rdb', { object: 'x' }),
      problem(['object'], /no object x: it has m, s/),
    );
    await assert.rejects(
      read('frame.RData', { object: 'f', columns: ['kind'] }),
      problem(['columns', 0], /holds "low" in column kind/),
    );
    const whole = workspace({ m: matrix });
    for (const [name, content, message] of [
      ['cut.rda', whole.subarray(0, whole.length - 60), /cut off/],
      ['long.rda', workspace({ m: Buffer.concat([int(14, 2 ** 30)]) }), /cut off/],
      ['code.rda', workspace({ m: int(3, 0) }), /type 3, which is no data/],
      ['deep.rda', workspace({ m: Buffer.concat(range(5000).map(() => int(19, 1))) }), /too deeply/],
      [
        'sequence.rda',
        workspace({
          m: Buffer.concat([
            int(238),
            pairs({}).subarray(0, 0),
            int(2),
            symbol('compact_intseq'),
            nil,
            doubles([1e300, 1, 1]),
            nil,
          ]),
        }),
        /sequences are too long/,
      ],
      ['packed.rda', Buffer.from('BZh91AY'), /packed with bzip2/],
      ['bomb.gz', gzipSync(csv).subarray(0, 100), /cannot be unpacked/],
      ['short.gdt', gretl([...gretlRows.slice(0, 5), '1']), /observation 6 has 1 numbers for 2 variables/],
      ['panel.gdt', gretl(gretlRows, ' type="stacked-time-series"'), /a panel/],
    ] as const) {
      write(name, content);
      await assert.rejects(read(name), problem(['files'], message), name);
    }
    write('alone/Rdata.rdb', Buffer.alloc(10));
    await assert.rejects(
      read('alone/Rdata.rdb'),
      problem(['files'], /without its index .*Rdata\.rdx \(ENOENT\)/),
    );
  });

  it('gretl may have gaps', async () => {
    write('gap.gdt', gretl(gretlRows.map((row, i) => (i === 7 ? 'NA 1' : row))));
    await assert.rejects(read('gap.gdt'), problem(['columns', 1], /row 8 holds nothing/));
    assert.ok((await read('gap.gdt', { missing: 'previous' })).count('test') > 0);
  });
});

describe('the published protocol of ETT', () => {
  it('takes the first rows alone, and its windows have the published number', async () => {
    write('ett.csv', ['OT', ...range(17_420).map((t) => String(Math.sin(t / 7)))].join('\n'));
    const data = await open('time-series', {
      files: ['ett.csv'],
      columns: ['OT'],
      context: 96,
      horizon: 96,
      rows: 14_400,
      validation: 0.2,
      test: 0.2,
    });
    assert.deepEqual([data.count('validation'), data.count('test')], [2785, 2785]);
    await assert.rejects(
      open('time-series', { files: ['ett.csv'], columns: ['OT'], rows: 20_000 }),
      problem(['rows'], /17420 rows, fewer than `rows` \(20000\)/),
    );
  });
});

describe('the data of R itself', () => {
  const file = '/usr/lib/R/library/datasets/data/Rdata.rdb';
  for (const [object, columns, more, expected] of [
    [
      'EuStockMarkets',
      ['DAX', 'SMI', 'CAC', 'FTSE'],
      { period: 5 },
      {
        repeat_last_mse: 1.1936,
        repeat_last_mae: 0.801,
        mean_mse: 4.3731,
        seasonal_mse: 1.3109,
        seasonal_mae: 0.8472,
      },
    ],
    ['treering', ['treering'], {}, { repeat_last_mse: 1.558, repeat_last_mae: 0.9636, mean_mse: 0.8182 }],
  ] as const) {
    it(`${object}: simple forecasts have the errors that were measured elsewhere`, async function () {
      if (!existsSync(file)) this.skip();
      const { facts } = await read(file, { object, columns, context: 96, horizon: 48, ...more });
      for (const [name, error] of Object.entries(expected))
        assert.ok(Math.abs(facts[name]! - error) < 6e-5, name);
    });
  }
});
