/** @file Time stamps and what the calendar says of them, against the numbers of Informer's loader. */
import assert from 'node:assert/strict';
import { CALENDAR_FEATURES, calendarOf, momentOf } from '../../src/data/series/calendar';
import { dataFolder, problem } from './folder';

const { write, open } = dataFolder();

describe('the calendar', () => {
  for (const [text, minute, hour, weekday, day, yearday, month] of [
    // 1 July 2016 was a Friday, and day 183 of a leap year.
    ['2016-07-01 08:30:00', 30 / 59, 8 / 23, 4 / 6, 0, 182 / 365, 6 / 11],
    ['2016/12/31T23:59:59.5Z', 59 / 59, 1, 5 / 6, 1, 365 / 365, 1],
    ['2018-03-04', 0, 0, 1, 3 / 30, 62 / 365, 2 / 11],
    ['1958-3', 0, 0, 5 / 6, 0, 59 / 365, 2 / 11],
    ['2000-02-29 00:00+02:00', 0, 0, 1 / 6, 28 / 30, 59 / 365, 1 / 11],
  ] as const) {
    it(`of ${text}`, () => {
      const found = calendarOf(momentOf(text)!, CALENDAR_FEATURES);
      const expected = [minute, hour, weekday, day, yearday, month];
      found.forEach((value, i) =>
        assert.ok(Math.abs(value + 0.5 - expected[i]!) < 1e-12, CALENDAR_FEATURES[i]),
      );
    });
  }

  for (const text of [
    '2015-02-29',
    '2016-13-01',
    '2016-07-01 24:00',
    '2016-07-01 10:60',
    '07/01/2016',
    '12',
    '',
  ]) {
    it(`knows no ${JSON.stringify(text)}`, () => assert.equal(momentOf(text), undefined));
  }
});

describe('time series with a calendar', () => {
  const hours = 80;
  const stamp = (t: number): string =>
    new Date(Date.UTC(2016, 6, 1, t)).toISOString().slice(0, 19).replace('T', ' ');
  const rows = Array.from({ length: hours }, (_, t) => `${stamp(t)},${Math.sin(t / 3)}`);
  const options = { files: ['hourly.csv'], columns: ['x'], context: 5, horizon: 3, time: 'date' };
  before(() => write('hourly.csv', ['date,x', ...rows].join('\n')));

  it('see it at every step, those that are forecast too', async () => {
    const data = await open('time-series', options);
    const plain = await open('time-series', { ...options, time: undefined });
    assert.deepEqual(data.shape.input, { kind: 'vectors', features: 6 });
    assert.deepEqual(plain.shape.input, { kind: 'vectors', features: 2 });
    const [marked, bare] = [data, plain].map((set) => set.heldOut('test', 2, 1));
    assert.deepEqual(marked!.targets, bare!.targets);
    // 80 hours, of which the last 16 test: the forecast of the third window begins at hour 66, its context at 61.
    for (let step = 0; step < 8; step++) {
      const [values, own] = [
        marked!.inputs.subarray(6 * step, 6 * step + 6),
        bare!.inputs.subarray(2 * step, 2 * step + 2),
      ];
      assert.deepEqual(Array.from(values.subarray(0, 2)), Array.from(own));
      const date = new Date(Date.UTC(2016, 6, 1, 61 + step));
      const expected = [
        date.getUTCHours() / 23,
        ((date.getUTCDay() + 6) % 7) / 6,
        (date.getUTCDate() - 1) / 30,
      ];
      expected.forEach((value, i) =>
        assert.ok(Math.abs(values[2 + i]! + 0.5 - value) < 1e-6, `step ${step}`),
      );
    }
    const hour = await open('time-series', { ...options, calendar: ['hour'] });
    assert.deepEqual(hour.shape.input, { kind: 'vectors', features: 3 });
    assert.notEqual(hour.hash, data.hash);
  });

  it('say which row has no time, or lies before another', async () => {
    write('odd.csv', ['date,x', ...rows.slice(0, 20), '1 July,1', ...rows.slice(20)].join('\n'));
    await assert.rejects(
      open('time-series', { ...options, files: ['odd.csv'] }),
      problem(['time'], /row 21 holds "1 July" in column date, no time such as/),
    );
    write('back.csv', ['date,x', rows[3]!, rows[2]!, ...rows.slice(4)].join('\n'));
    await assert.rejects(
      open('time-series', { ...options, files: ['back.csv'] }),
      problem(['time'], /row 2 .*lies before the row above/),
    );
    await assert.rejects(
      open('time-series', { ...options, time: 'when' }),
      problem(['time'], /no column when/),
    );
  });
});
