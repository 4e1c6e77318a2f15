import assert from 'node:assert/strict';
import { Feed, type FeedSource } from '../../src/extension/panels/feed';
import { contentSecurityPolicy, makeNonce, panelPage } from '../../src/extension/panels/html';
import { readAnalysis, readInspection, readSurvey } from '../../src/extension/panels/inspection';
import { groupKey, paletteOf } from '../../src/extension/panels/palette';
import { unpackColumn } from '../../src/protocol/columns';
import { rowsSchema, fromCurvesSchema } from '../../src/protocol/view-curves';
import { fromScanSchema, inspectionSchema, surveySchema, toScanSchema } from '../../src/protocol/view-scan';
import { readMessage } from '../../src/protocol/view';
import { inspection, ring } from './scan-fixture';
import { survey } from './views-fixture';

function source(length: number): FeedSource & {
  tables: Map<string, FeedSource['tables'] extends ReadonlyMap<string, infer T> ? T : never>;
  generation: number;
  events: { step: number; event: string; message?: string }[];
} {
  const data = Float64Array.from({ length: 300_000 }, (_, i) => i + 1);
  const state = {
    generation: 0,
    events: [] as { step: number; event: string; message?: string }[],
    tables: new Map([
      [
        'train',
        {
          length,
          names: ['step', 'loss'],
          column: (name: string) =>
            name === 'step'
              ? data.subarray(0, state.tables.get('train')!.length)
              : data.map((x) => 1 / x).subarray(0, state.tables.get('train')!.length),
        },
      ],
    ]),
  };
  return state;
}

const steps = ({ runs }: Pick<ReturnType<Feed['take']>, 'runs'>): number[] => {
  const { count, columns } = runs[0]!.tables['train']!;
  return [...unpackColumn(columns['step']!, count)];
};

describe('the feed of the curves', () => {
  it('tells new rows once and nothing when there are none', () => {
    const feed = new Feed();
    const run = source(3);
    const sources = new Map([['a', run]]);
    const first = feed.take(sources);
    assert.equal(first.runs[0]!.reset, true);
    assert.deepEqual(steps(first), [1, 2, 3]);
    assert.deepEqual(feed.take(sources), { runs: [], pending: 0 });
    run.tables.set('train', { ...run.tables.get('train')!, length: 5 });
    const next = feed.take(sources);
    assert.equal(next.runs[0]!.reset, false);
    assert.deepEqual(steps(next), [4, 5]);
    assert.equal(next.runs[0]!.events, undefined);
    for (const rows of [...first.runs, ...next.runs]) assert.ok(rowsSchema.safeParse(rows).success);
  });
  it('begins anew when a resume dropped rows, and tells events when they change', () => {
    const feed = new Feed();
    const run = source(4);
    const sources = new Map([['a', run]]);
    feed.take(sources);
    run.events.push({ step: 2, event: 'resume' });
    assert.deepEqual(feed.take(sources).runs[0]!.events, [{ step: 2, event: 'resume' }]);
    run.generation++;
    run.tables.set('train', { ...run.tables.get('train')!, length: 2 });
    const again = feed.take(sources);
    assert.equal(again.runs[0]!.reset, true);
    assert.deepEqual(steps(again), [1, 2]);
  });
  it('a run deleted under an open panel and made anew under the same name is told from its start', () => {
    const feed = new Feed();
    feed.take(new Map([['a', source(3)]]));
    assert.deepEqual(feed.take(new Map()), { runs: [], pending: 0 });
    const again = feed.take(new Map([['a', source(5)]])).runs[0]!;
    assert.equal(again.reset, true);
    assert.equal(again.tables['train']!.count, 5);
  });
  it('splits what is long and says how much waits', () => {
    const feed = new Feed();
    const sources = new Map([['a', source(250_000)]]);
    const first = feed.take(sources);
    assert.equal(first.pending, 50_000);
    const second = feed.take(sources);
    assert.equal(second.pending, 0);
    assert.equal(second.runs[0]!.reset, false);
    assert.equal(steps(first).at(-1), 200_000);
    assert.equal(steps(second)[0], 200_001);
  });
  it('tells everything again to a page that was loaded anew', () => {
    const feed = new Feed();
    const sources = new Map([['a', source(3)]]);
    feed.take(sources);
    feed.forget();
    assert.equal(feed.take(sources).runs[0]!.tables['train']!.count, 3);
  });
});

describe('places in the palette', () => {
  it('are kept for groups once seen', async () => {
    const kept = new Map<string, unknown>();
    const memory = {
      get: <T>(key: string) => kept.get(key) as T | undefined,
      update: async (key: string, value: unknown) => void kept.set(key, value),
    };
    assert.deepEqual(
      [...(await paletteOf(memory, 'c', ['x', 'y']))],
      [
        ['x', 0],
        ['y', 1],
      ],
    );
    assert.deepEqual(
      [...(await paletteOf(memory, 'c', ['y', 'z']))],
      [
        ['y', 1],
        ['z', 2],
      ],
    );
    assert.deepEqual([...(await paletteOf(memory, 'other', ['z']))], [['z', 0]]);
  });
  it('belong to the config without seed and length of training', () => {
    assert.equal(groupKey('c', { a: 1, b: 2, steps: 10 }), groupKey('c', { b: 2, a: 1, steps: 20 }));
    assert.notEqual(groupKey('c', { a: 1 }), groupKey('c', { a: 2 }));
    assert.notEqual(groupKey('c', { a: 1 }), groupKey('d', { a: 1 }));
  });
});

describe('the page of a panel', () => {
  it('allows its own script and style and nothing else', () => {
    const policy = contentSecurityPolicy('https://x', 'abc');
    assert.match(policy, /^default-src 'none'; script-src 'nonce-abc'; style-src https:\/\/x 'nonce-abc';/);
    assert.match(policy, /; connect-src https:\/\/x; worker-src blob:;/);
    assert.ok(!/unsafe|\*/.test(policy));
    const page = panelPage({
      title: 'a<b',
      script: 's',
      style: 't',
      cspSource: 'x',
      nonce: 'n',
      panel: '"><script>',
      saved: { filter: '"><script>' },
    });
    assert.ok(page.includes('a&lt;b') && !page.includes('"><script>'));
    assert.ok(page.includes('data-saved="{&quot;filter&quot;:'));
    assert.ok(!/ style=/.test(page));
    assert.notEqual(makeNonce(), makeNonce());
    assert.match(makeNonce(), /^[0-9a-f]{32}$/);
  });
});

describe('messages', () => {
  it('that fit no schema are refused with the place', () => {
    assert.match(
      readMessage(fromCurvesSchema, { type: 'run-command', command: 'delete', run: 'x' }).problem!,
      /command/,
    );
    assert.match(
      readMessage(fromCurvesSchema, { type: 'export', kind: 'png', name: '../../x', data: '' }).problem!,
      /name/,
    );
    assert.ok(readMessage(fromCurvesSchema, null).problem);
    assert.match(readMessage(toScanSchema, { type: 'progress', request: 1, bytes: -1 }).problem!, /bytes/);
    assert.match(readMessage(fromScanSchema, { type: 'cancel', request: 1 }).problem!, /request|message/);
    assert.deepEqual(readMessage(fromCurvesSchema, { type: 'ready' }).message, { type: 'ready' });
  });
});

describe('the answer of inspect', () => {
  const found = inspection();
  const json = (change: (probe: { data: unknown[] }) => void = () => undefined): unknown => {
    const plain = JSON.parse(
      JSON.stringify(found, (_key, value: unknown) => (value instanceof Float32Array ? [...value] : value)),
    ) as { probes: Record<string, { data: unknown[] }> };
    change(plain.probes['delta']!);
    return plain;
  };
  it('becomes flat typed arrays, nested or not, that the panel accepts', () => {
    const nested = json((probe) => {
      const rows = probe.data as number[];
      probe.data = Array.from({ length: 32 }, (_, t) => rows.slice(t * 64, (t + 1) * 64));
    });
    for (const raw of [json(), nested]) {
      const read = readInspection(raw);
      assert.deepEqual(read.probes['delta']!.data, found.probes['delta']!.data);
      assert.ok(inspectionSchema.safeParse(read).success);
    }
  });
  it('keeps values that are no numbers', () => {
    const read = readInspection(json((probe) => (probe.data[3] = 'NaN')));
    assert.ok(Number.isNaN(read.probes['delta']!.data[3]));
  });
  it('is refused with the place when it is not as expected', () => {
    assert.throws(() => readInspection({ layer: 0 }), /mixer/);
    const pictured = { ...(json() as object), image: { ...ring, data: [...ring.data] } };
    assert.deepEqual(inspectionSchema.parse(readInspection(pictured)).image, ring);
    assert.throws(() => readInspection({ ...pictured, image: { ...ring, data: [1] } }), /image/);
    assert.throws(
      () => readInspection(json((probe) => probe.data.pop())),
      /delta has 2047 values where its shape needs 2048/,
    );
  });
});

describe('answers of inspect besides one layer', () => {
  const json = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_key, part: unknown) => (part instanceof Float32Array ? [...part] : part)),
    );
  it('a survey comes through as it is', () => {
    const whole = survey();
    const read = readSurvey(json(whole));
    assert.deepEqual(read, whole);
    assert.ok(surveySchema.safeParse(read).success);
  });
  it('an analysis is its parts, or the one array that was asked for', () => {
    const array = { shape: [2], axes: ['time'], data: [1, 'Infinity'], unit: '', sign: 'positive' };
    const one = readAnalysis({ layer: 1, probe: 'period', ...array });
    assert.deepEqual([...one.arrays['period']!.data], [1, Infinity]);
    const group = readAnalysis({
      layer: 1,
      probe: 'lti_kernel',
      ...array,
      parts: { period: array, half_life: array },
    });
    assert.deepEqual(Object.keys(group.arrays), ['period', 'half_life']);
  });
  it('something else is refused with the place', () => {
    assert.throws(() => readSurvey({ surveys: [] }), /layers/);
    const broken = json(survey()) as { surveys: { kind: string }[] };
    broken.surveys[0]!.kind = 'spiral';
    assert.throws(() => readSurvey(broken), /surveys\.0\.kind/);
  });
});
