/** @file What is written for others computes what we compute: ONNX files and the script for the authors' package. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors } from '../../src/formats/safetensors';
import { mixers } from '../../src/layers';
import { buildModel, type Model, type ModelConfig } from '../../src/models';
import { onnxFiles } from '../../src/runtime/export/onnx';
import { pytorchProblem, pytorchScript } from '../../src/runtime/export/pytorch';
import { logitsOf } from '../../src/runtime/logits';
import { checkerProblems, pythonWith, skipWithout } from '../graph/support/onnx-checker';

const LENGTH = 6;
const ids = [5, 9, 1, 33, 7, 2];

type Described = Partial<ModelConfig> & Pick<ModelConfig, 'layers'>;

const whole = (model: Described): ModelConfig => ({
  d_model: 16,
  norm: 'rms',
  norm_eps: 1e-5,
  tie_embeddings: true,
  ...model,
});
const input = { kind: 'tokens', vocab_size: 40 } as const;

const languageModel = (model: Described): Model =>
  buildModel({
    model: whole(model),
    task: { type: 'language-model' },
    data: { length: LENGTH, input, target: { kind: 'next-token' } },
  });
/** For layers that see later tokens. */
const classifier = (model: Described): Model =>
  buildModel({
    model: whole(model),
    task: { type: 'classification', pooling: 'mean' },
    data: { length: LENGTH, input, target: { kind: 'class', classes: 3 } },
  });

describe('ONNX files', () => {
  const problems: (readonly [string, Uint8Array])[] = [];
  for (const mixer of Object.keys(mixers)) {
    it(`of ${mixer} agree with each other`, async () => {
      const seesLater = ['hydra', 'matrix-mixer'].includes(mixer);
      const model = (seesLater ? classifier : languageModel)({ d_model: 64, layers: [{ mixer }] });
      const files = await onnxFiles(model, model.initialise(3), LENGTH);
      problems.push([`${mixer} parallel`, files.parallel]);
      assert.equal(files.step === undefined, model.decodeProblem !== undefined);
      if (files.step) problems.push([`${mixer} step`, files.step]);
    });
  }

  it('pass the checker of ONNX', function () {
    this.timeout(60_000);
    const python = pythonWith('onnx');
    if (python === undefined) skipWithout(this, 'onnx');
    assert.ok(problems.length > Object.keys(mixers).length);
    assert.deepEqual(checkerProblems(python, problems), []);
  });
});

describe('the script for mamba_ssm', () => {
  const cases: Readonly<Record<string, Described>> = {
    mamba: { layers: [{ mixer: 'mamba', d_state: 4, repeat: 2 }] },
    'mamba with every option': {
      layers: [
        { mixer: 'mamba', d_state: 3, d_conv: 2, expand: 3, dt_rank: 2, conv_bias: false, bias: true },
      ],
      norm: 'layer',
      tie_embeddings: false,
    },
    mamba2: { layers: [{ mixer: 'mamba2', d_state: 4, headdim: 8, repeat: 2 }] },
    'mamba2 with groups and limits': {
      layers: [
        {
          mixer: 'mamba2',
          d_state: 4,
          headdim: 8,
          ngroups: 2,
          d_conv: 3,
          dt_limit: [0.005, 0.05],
          bias: true,
          norm_before_gate: true,
        },
      ],
      tie_embeddings: false,
    },
    'mamba2 with a part past the scan': {
      layers: [
        {
          mixer: 'mamba2',
          d_state: 4,
          headdim: 8,
          d_ssm: 16,
          rmsnorm: false,
          D_has_hdim: true,
          conv_bias: false,
        },
      ],
    },
  };

  /** Logits that the exported scripts of all cases give: by case, a row per token. */
  function logitsOfScripts(python: string, kind: 'stand-in' | 'own'): number[][][] {
    const folder = mkdtempSync(join(tmpdir(), 'script-'));
    try {
      const folders = Object.values(cases).map((config, i) => {
        const own = join(folder, String(i));
        mkdirSync(own);
        const model = languageModel(config);
        const parameters = model.initialise(4);
        const entries = [...model.parameters].map(
          ([name, { shape }]) => [name, { shape, data: parameters.get(name)! }] as const,
        );
        writeFileSync(join(own, 'model.safetensors'), encodeSafetensors(entries));
        writeFileSync(join(own, 'load.py'), pytorchScript(model));
        return own;
      });
      const args = [join(__dirname, 'support/authors.py'), kind, ids.join(), ...folders];
      const lines = execFileSync(python, args, { encoding: 'utf8' }).trim().split('\n');
      return lines.map((line) => JSON.parse(line) as number[][]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  for (const [kind, modules, what] of [
    ['stand-in', ['torch'], 'torch'],
    ['own', ['torch', 'mamba_ssm', 'causal_conv1d', 'safetensors'], 'mamba_ssm and causal_conv1d'],
  ] as const) {
    const package_ = kind === 'own' ? 'the authors’ package' : 'plain PyTorch in its place';
    it(`gives the same logits with ${package_}`, async function () {
      this.timeout(120_000);
      const python = pythonWith(...modules);
      if (python === undefined) skipWithout(this, what);
      const found = logitsOfScripts(python, kind);
      for (const [i, [name, config]] of Object.entries(cases).entries()) {
        const model = languageModel(config);
        const expected = await logitsOf(model, model.initialise(4), ids, 1);
        const largest = Math.max(...expected.flatMap((row) => [...row].map(Math.abs)));
        for (const [t, row] of found[i]!.entries()) {
          assert.equal(row.length, model.rows);
          row.forEach((value, v) =>
            assert.ok(Math.abs(value - expected[t]![v]!) < 1e-4 * largest, `${name}, token ${t}`),
          );
        }
      }
    });
  }

  it('is refused where that package has no such model', () => {
    const refused: [Described, RegExp][] = [
      [{ layers: [{ mixer: 'mamba' }], norm_position: 'post' }, /norms stand behind/],
      [{ layers: [{ mixer: 'mamba', d_inner: 20 }] }, /inner width/],
      [{ layers: [{ mixer: 'mamba2', headdim: 8, d_inner: 24 }] }, /inner width/],
      [{ layers: [{ mixer: 'mamba2', headdim: 8, gated_norm_eps: 1e-6 }] }, /another eps/],
      [{ layers: [{ mixer: 'mamba2', headdim: 8, ngroups: 2, norm_groups: 1 }] }, /other groups/],
      [{ layers: [{ mixer: 'mamba' }, { mixer: 'mlp' }] }, /kind mlp/],
      [{ layers: [{ mixer: 'mamba', bcdt_norm_eps: 1e-6 }] }, /normalises B, C/],
    ];
    for (const [config, problem] of refused)
      assert.match(pytorchProblem(languageModel(config)) ?? '', problem);
  });
});
