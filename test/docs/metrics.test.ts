/** @file docs/metrics.md names what runs log: the columns of a step, and what each layer measures of itself. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricOf } from '../../src/figures/curves/metrics';
import { mixers } from '../../src/layers';
import { buildModel, defaultTask, type ModelData } from '../../src/models';
import { stepRowSchema } from '../../src/protocol/run';

const page = readFileSync(join(__dirname, '../../docs/metrics.md'), 'utf8');
const words = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);

/** Rows of the table under a heading: what is named, and its meaning. */
function rowsOf(heading: string): { name: string; meaning: string }[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading));
  assert.ok(section, heading);
  return [...section.matchAll(/^\| (`.+?) \| (.+) \|$/gm)].map(([, name, meaning]) => ({
    name: name!,
    meaning: meaning!,
  }));
}
const layerGauge = /^`layers\.<k>\.(\w+)`$/;
const gaugeRows = (): Map<string, string> =>
  new Map(
    rowsOf('With every evaluation').flatMap(({ name, meaning }) => {
      const [, gauge] = layerGauge.exec(name) ?? [];
      return gauge === undefined ? [] : [[gauge, meaning] as const];
    }),
  );

/** What a layer of each kind measures of itself when it is evaluated, as its graph names it. */
function gauges(): Map<string, Set<string>> {
  const data: ModelData = {
    length: 8,
    input: { kind: 'tokens', vocab_size: 11 },
    // So that layers which look ahead may take part.
    target: { kind: 'class', classes: 3 },
  };
  const found = new Map<string, Set<string>>();
  for (const mixer of Object.keys(mixers)) {
    const model = buildModel({
      model: { d_model: 64, layers: [{ mixer }], norm: 'rms', norm_eps: 1e-5, tie_embeddings: false },
      task: defaultTask(data),
      data,
    });
    for (const name of Object.keys(model.evaluation(1, 8, { activations: true }))) {
      const [, gauge] = /^layers\.0\.(\w+)$/.exec(name) ?? [];
      if (gauge !== undefined) found.set(gauge, (found.get(gauge) ?? new Set()).add(mixer));
    }
  }
  return found;
}

describe('docs/metrics.md', () => {
  it('names every column of a step, and no other', () => {
    const named = rowsOf('Every `log_every` steps').flatMap(({ name }) => words(name));
    assert.deepEqual(named.sort(), Object.keys(stepRowSchema.shape).sort());
  });

  it('names what layers measure of themselves, and every layer that does', () => {
    const found = gauges();
    const rows = gaugeRows();
    assert.deepEqual([...rows.keys()].sort(), [...found.keys()].sort());
    for (const [gauge, meaning] of rows) {
      const measuring = [...found.get(gauge)!].sort();
      // Every layer has its residual stream; of the others the page says which they are.
      if (measuring.length === Object.keys(mixers).length) continue;
      const named = new Set(words(meaning).filter((word) => Object.hasOwn(mixers, word)));
      assert.deepEqual([...named].sort(), measuring, gauge);
    }
  });

  it('is what the charts say: each has its unit, and shares have their range', () => {
    for (const [gauge, meaning] of gaugeRows()) {
      const { unit, format, range } = metricOf(`column:eval:layers.0.${gauge}`);
      assert.match(unit, /\w+ · validation$/, gauge);
      assert.equal(format === 'percent', meaning.includes('share of'), gauge);
      assert.deepEqual(range, format === 'percent' ? [0, 1] : undefined, gauge);
    }
  });
});
