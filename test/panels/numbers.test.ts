/**
 * @file What every view of the Scan panel shows are the numbers of `inspect --json`: a run trained here, the panel's
 * own model between the host's readers and its tables, and the command line asked for each array by itself.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialState, ScanModel } from '../../media/scan/model';
import { numbersOf } from '../../media/scan/tables';
import { readAnalysis, readInspection, readSurvey } from '../../src/extension/panels/inspection';
import { readFrames } from '../../src/extension/panels/replay';
import { filterOf } from '../../src/figures/scan/kernel/data';
import { stepNumbers } from '../../src/figures/scan/step';
import { int32Of, parseSafetensors } from '../../src/formats/safetensors';
import { fromScanSchema, toScanSchema, type FromScan, type ViewName } from '../../src/protocol/view-scan';
import { run } from '../cli/cli';

const LENGTH = 12;
const LAYERS = ['mamba', 'mamba2', 's4d', 'attention'];
const EXAMPLE = 2;
const CONFIG = `
data: {type: induction-heads, length: ${LENGTH}, vocab_size: 6}
model:
  d_model: 8
  layers:
    - {mixer: mamba, d_state: 4}
    - {mixer: mamba2, headdim: 8, d_state: 4, chunk_size: 4}
    - {mixer: s4d, d_state: 4}
    - {mixer: attention, heads: 2}
train: {steps: 4, batch_size: 4, probe_every: 2}
eval: {examples: 8}
device: cpu
`;

interface Answer {
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
  readonly parts?: Readonly<Record<string, Omit<Answer, 'parts'>>>;
}
const flat = (values: readonly unknown[]): number[] =>
  values.flatMap((value) => (Array.isArray(value) ? flat(value) : [Number(value)]));

describe('the numbers of the Scan panel are those of inspect --json', function () {
  this.timeout(120_000);
  let folder: string;
  let trained: string;
  const cli = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await run('inspect', ...args, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  /** One array, asked for by its name. */
  const array = async (name: string, layer: number, ...more: string[]): Promise<number[]> => {
    const args = ['--probe', name, '--layer', String(layer), '--example', String(EXAMPLE), ...more];
    return flat(((await cli(trained, ...args)) as Answer).data);
  };
  const near = (
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    what: string,
    tolerance = 0,
  ): void => {
    assert.equal(actual.length, expected.length, what);
    let size = 0;
    for (let i = 0; i < expected.length; i++)
      if (Number.isFinite(expected[i]!)) size = Math.max(size, Math.abs(expected[i]!));
    assert.ok(size > 0, `${what} is more than zeros`);
    for (let i = 0; i < expected.length; i++) {
      const [a, b] = [actual[i]!, Math.fround(expected[i]!)];
      assert.ok(Object.is(a, b) || Math.abs(a - b) <= tolerance * size, `${what}[${i}]: ${a} and ${b}`);
    }
  };

  /** The panel on the run: its questions go to the command line, the answers through the host's readers and both checks. */
  const panel = async (view: ViewName, layer: number): Promise<ScanModel> => {
    const asked: FromScan[] = [];
    const state = { ...initialState(trained), view, layer, example: EXAMPLE, position: 9 };
    const model = new ScanModel(
      state,
      (message) => asked.push(fromScanSchema.parse(message)),
      () => undefined,
    );
    model.receive({ type: 'target', name: 'tiny', trained: true });
    for (let message = asked.shift(); message; message = asked.shift()) {
      if (message.type === 'replay') {
        const { frames, tokens } = await readFrames(trained);
        model.receive(toScanSchema.parse({ type: 'replay', frames, tokens, losses: [] }));
      }
      if (message.type !== 'inspect' && message.type !== 'survey' && message.type !== 'analyse') continue;
      const { request, type } = message;
      const raw = await cli(
        trained,
        ...[
          '--layer',
          type === 'survey' ? 'all' : String(message.layer),
          '--example',
          String(message.example),
        ],
        ...(type === 'analyse' ? ['--probe', message.name] : []),
        ...(type === 'analyse' && message.channel !== undefined
          ? ['--channel', String(message.channel)]
          : []),
      );
      model.receive(
        toScanSchema.parse(
          type === 'inspect'
            ? { type: 'inspection', request, inspection: readInspection(raw) }
            : type === 'survey'
              ? { type, request, survey: readSurvey(raw) }
              : { type: 'analysis', request, name: message.name, ...readAnalysis(raw) },
        ),
      );
    }
    assert.equal(model.failure, undefined);
    return model;
  };
  const shown = (model: ScanModel, name: string): Float32Array => {
    const probe = numbersOf(model)?.probes[name];
    assert.ok(probe, `${name} of ${Object.keys(numbersOf(model)?.probes ?? {}).join(', ')}`);
    return probe.data;
  };

  before(async () => {
    // The panel draws in the frames of its page; here nothing is drawn.
    Object.assign(globalThis, { requestAnimationFrame: () => 0 });
    folder = await mkdtemp(join(tmpdir(), 'numbers-'));
    trained = join(folder, 'trained');
    await writeFile(join(folder, 'tiny.ssm.yaml'), CONFIG);
    const { code, stderr } = await run(
      'train',
      join(folder, 'tiny.ssm.yaml'),
      '--run-dir',
      trained,
      '--quiet',
    );
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    Reflect.deleteProperty(globalThis, 'requestAnimationFrame');
    await rm(folder, { recursive: true, force: true });
  });

  it('sequence: every array, and the step that follows from them', async () => {
    for (const layer of [0, 1]) {
      const model = await panel('sequence', layer);
      const names = Object.keys(numbersOf(model)!.probes);
      assert.ok(names.includes('delta') && names.includes('state') && names.includes('y'));
      const found: Record<string, number[]> = {};
      for (const name of names) {
        found[name] = await array(name, layer);
        near(shown(model, name), found[name], `layers.${layer}.${name}`);
      }
      const scan = model.scan!;
      const { channels } = scan;
      for (const t of [0, 5, LENGTH - 1])
        for (const channel of [0, channels - 1]) {
          const { y } = stepNumbers(scan, t, channel);
          near([y], [found['y']![t * channels + channel]!], `y of layers.${layer} at ${t}`, 1e-4);
          near([scan.norm(t, channel)], [found['state_norm']![t * channels + channel]!], 'the norm', 1e-5);
        }
    }
  });

  it('memory: contributions, writing, forgetting and half-lives', async () => {
    for (const layer of [0, 1, 2, 3]) {
      const model = await panel('memory', layer);
      const t = model.position;
      assert.equal(t, 9);
      const contribution = await array('contribution', layer);
      near(
        shown(model, 'contribution'),
        contribution.slice(t * LENGTH, t * LENGTH + t + 1),
        `contribution of layers.${layer}`,
        1e-5,
      );
      if (layer <= 2)
        near(shown(model, `layers.${layer}.half_life`), await array('half_life', layer), 'half-lives', 1e-6);
      if (layer > 1) continue;
      const width = layer === 0 ? 16 : 2;
      const retention = await array('retention', layer);
      const kept = Array.from(
        { length: LENGTH },
        (_, at) =>
          Array.from({ length: width }, (_c, c) => retention[c * LENGTH + at]!).reduce((a, b) => a + b, 0) /
          width,
      );
      near(shown(model, 'kept'), kept, `what layers.${layer} keeps`, 1e-6);
      near(shown(model, 'write_strength'), await array('write_strength', layer), 'write strength', 1e-5);
    }
  });

  it('attention: the matrices of every layer, and one that is asked for', async () => {
    const model = await panel('attention', 0);
    for (const [layer, mixer] of LAYERS.entries()) {
      assert.equal(model.survey!.surveys[layer]!.mixer, mixer);
      const mean = `layers.${layer}.hidden_attention_mean`;
      near(shown(model, mean), await array('hidden_attention_mean', layer), mean, 1e-6);
      const { labels, shape } = model.survey!.surveys[layer]!.probes['hidden_attention_strongest']!;
      const picked = Object.values(labels!)[0]!.map(String);
      assert.equal(shape[0], picked.length);
      near(
        shown(model, `layers.${layer}.hidden_attention_strongest`),
        await array('hidden_attention', layer, '--channel', picked.join(',')),
        `the strongest of layers.${layer}`,
        1e-6,
      );
      // The drawing takes its matrices from the same arrays.
      near(model.matrices[layer]!.mean.data, shown(model, mean), `the drawing of layers.${layer}`);
    }
  });

  it('kernel: filters, modes and eigenvalues, before and after training', async () => {
    const model = await panel('kernel', 2);
    const { parts } = (await cli(
      trained,
      ...['--probe', 'lti_kernel', '--layer', '2', '--example', String(EXAMPLE)],
    )) as Answer;
    const names = [
      'kernel',
      'kernel_initial',
      'eig_continuous',
      'eig_discrete_initial',
      'residues',
      'step_size',
    ];
    for (const name of names) near(shown(model, name), flat(parts![name]!.data), name);
    near(shown(model, 'kernel'), await array('kernel', 2), 'the kernel by its own name', 1e-6);
    const length = parts!['kernel']!.shape.at(-1)!;
    for (const channel of [0, 7]) {
      const drawn = filterOf(model.filters!, channel)!;
      near(
        drawn.kernel,
        flat(parts!['kernel']!.data).slice(channel * length, (channel + 1) * length),
        'a filter',
      );
      assert.notDeepEqual(drawn.kernel, filterOf(model.filters!, channel, '_initial')!.kernel);
    }
  });

  it('scan order: the routes of the published code', async () => {
    const golden = join(__dirname, '../golden/scan-routes-5x7/tensors.safetensors');
    const { tensors } = parseSafetensors(await readFile(golden));
    const model = await panel('order', 0);
    for (const system of ['ss2d', 'plainmamba', 'mhs']) {
      model.patch({ order: { ...model.state.order, system, rows: 5, columns: 7 } });
      const routes = Object.values(numbersOf(model)!.probes).flatMap(({ data }) => [...data]);
      assert.deepEqual(routes, [...int32Of(tensors.get(`${system}.order`)!)], system);
    }
  });

  it('training: the slider shows at each step what was probed there, at last what the checkpoint holds', async () => {
    const model = await panel('training', 0);
    const steps = model.replay.frames.map(({ step }) => step);
    assert.deepEqual(steps, [1, 3, 4]);
    const rows = (await readFile(join(trained, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const losses = new Map<number, number>();
    for (const row of rows) {
      const { step, loss } = JSON.parse(row) as { step: number; loss?: number };
      if (loss !== undefined) losses.set(step, loss);
    }
    near(shown(model, 'step'), steps, 'steps');
    near(
      shown(model, 'loss'),
      steps.map((step) => losses.get(step)!),
      'losses',
    );
    // The last probe is of the parameters that the last checkpoint holds; its file keeps five digits.
    model.replay.move(99);
    assert.equal(model.replay.index, 2);
    const { surveys, tokens } = readSurvey(await cli(trained, '--layer', 'all', '--example', '0'));
    assert.deepEqual(
      model.replay.tokens,
      tokens.map(({ label }) => label),
    );
    const mean = shown(model, 'layers.0.hidden_attention_mean');
    near(mean, surveys[0]!.probes['hidden_attention_mean']!.data, 'the last probe', 1e-4);
    near([shown(model, 'largest_mean_weight')[2]!], [Math.max(...mean)], 'the curve beside it');
    // Another place of the slider is another probe.
    model.replay.move(-2);
    assert.equal(model.replay.index, 0);
    assert.notDeepEqual(shown(model, 'layers.0.hidden_attention_mean'), mean);
  });
});
