import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { float32Of, int32Of, parseSafetensors } from '../../src/formats/safetensors';
import { buildModel } from '../../src/models';
import { trainSchema } from '../../src/models/config';
import { openCpuEngine } from '../../src/runtime/engine/cpu';
import { learningRate } from '../../src/runtime/train/schedule';

interface Hyperparameters {
  batch: number;
  length: number;
  d_model: number;
  n_layer: number;
  vocab_size: number;
  padded_vocab: number;
  ssm_cfg: { layer: string; d_state: number };
  steps: number;
  lr: number;
  weight_decay: number;
  betas: [number, number];
  eps: number;
  clip_norm: number;
  warmup_steps: number;
  no_decay: string[];
}

const folder = join(__dirname, '../golden/mamba-lm-train');

describe('training on the CPU', function () {
  this.timeout(30_000);

  it("follows PyTorch's trajectory: loss, gradient norm and learning rate of every step, parameters at the end", async () => {
    const { hyperparameters: h } = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8')) as {
      hyperparameters: Hyperparameters;
    };
    const bytes = await readFile(join(folder, 'tensors.safetensors'));
    const { tensors } = parseSafetensors(Uint8Array.from(bytes));
    const floats = (name: string): Float32Array => float32Of(tensors.get(name)!);
    const length = h.length - 1;
    const model = buildModel({
      model: {
        d_model: h.d_model,
        layers: [{ mixer: 'mamba', repeat: h.n_layer, d_state: h.ssm_cfg.d_state }],
        norm: 'rms',
        norm_eps: 1e-5,
        tie_embeddings: true,
        vocab_size: h.padded_vocab,
      },
      task: { type: 'language-model' },
      data: { length, input: { kind: 'tokens', vocab_size: h.vocab_size }, target: { kind: 'next-token' } },
    });
    assert.deepEqual(
      [...model.parameters]
        .filter(([, { decay }]) => !decay)
        .map(([name]) => name)
        .sort(),
      h.no_decay.toSorted(),
    );
    const train = trainSchema.parse({
      steps: h.steps,
      batch_size: h.batch,
      clip: h.clip_norm,
      optimizer: { lr: h.lr, betas: h.betas, weight_decay: h.weight_decay, eps: h.eps },
      schedule: { name: 'cosine', warmup: h.warmup_steps },
    });
    const engine = await openCpuEngine({
      parameters: model.parameters,
      graph: model.trainingStep(h.batch, length),
      train,
      threads: 1,
    });
    const initial = new Map([...model.parameters.keys()].map((name) => [name, floats(`param.${name}`)]));
    await engine.write({ parameters: initial });
    const ids = int32Of(tensors.get('input.ids')!);
    const expected = {
      loss: floats('output.loss'),
      norm: floats('output.grad_norm'),
      lr: floats('output.lr'),
    };
    const near = (found: number, wanted: number, tolerance: number, what: string): void =>
      assert.ok(Math.abs(found - wanted) <= tolerance * Math.abs(wanted), `${what}: ${found}, not ${wanted}`);
    const compareParameters = async (stage: string): Promise<void> => {
      const { parameters } = await engine.read();
      for (const [name, values] of parameters) {
        const reference = floats(`output.${stage}.${name}`);
        const before = initial.get(name)!;
        const norm = (of: (index: number) => number): number =>
          Math.sqrt(values.reduce((sum, _value, index) => sum + of(index) ** 2, 0));
        const error = norm((index) => values[index]! - reference[index]!);
        const update = norm((index) => reference[index]! - before[index]!);
        assert.ok(error <= 0.05 * update, `${name} at ${stage}: ${error} of ${update}`);
      }
    };
    for (let step = 0; step < h.steps; step++) {
      const at = (row: number, shift: number): Int32Array =>
        ids.subarray(
          (step * h.batch + row) * h.length + shift,
          (step * h.batch + row) * h.length + shift + length,
        );
      const rowsOf = (shift: number): Int32Array =>
        Int32Array.from(Array.from({ length: h.batch }, (_, row) => [...at(row, shift)]).flat());
      const rate = (peak: number): number => learningRate(train.schedule, peak, step, h.steps);
      near(rate(h.lr), expected.lr[step]!, 1e-6, `learning rate ${step}`);
      const batch = { inputs: rowsOf(0), targets: rowsOf(1), size: h.batch };
      const { loss, gradNorm } = await engine.step([batch], { step: step + 1, rate });
      near(loss, expected.loss[step]!, 5e-5, `loss ${step}`);
      near(gradNorm, expected.norm[step]!, 1e-3, `gradient norm ${step}`);
      if (step === 0) await compareParameters('step1');
    }
    await compareParameters('final');
    await engine.release();
  });
});
