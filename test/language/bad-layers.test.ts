/** @file Wrong options of layers: an error at the line that has them, in the field's words, for every mixer. */
import * as assert from 'node:assert/strict';
import { mixers } from '../../src/layers';
import { resolve } from './registry';

/** What is written beneath `mixer:`, the option at whose line the error stands, and what it says. */
type Row = readonly [
  mixer: string,
  options: Readonly<Record<string, unknown>>,
  at: string,
  message: RegExp,
  suggestion?: string,
];

/** Layer options one a line, so that a line says which option is meant. */
const config = (data: string, mixer: string, options: Readonly<Record<string, unknown>>): string =>
  [
    `data: ${data}`,
    'model:',
    '  d_model: 64',
    '  layers:',
    `    - mixer: ${mixer}`,
    ...Object.entries(options).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
    '',
  ].join('\n');

async function check(data: string, [mixer, options, at, message, suggestion]: Row): Promise<void> {
  const text = config(data, mixer, options);
  const { diagnostics, config: resolved } = await resolve(text);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  assert.equal(errors.length, 1, JSON.stringify(errors, null, 1));
  const [error] = errors as [(typeof errors)[number]];
  assert.match(error.message, message);
  assert.equal(error.line, text.split('\n').findIndex((line) => line.includes(`${at}:`)) + 1, at);
  assert.equal(resolved, undefined);
  if (suggestion !== undefined) assert.equal(error.suggestion, suggestion);
  if (!error.fix) return;
  const repaired = text.slice(0, error.fix.start) + error.fix.text + text.slice(error.fix.end);
  const left = (await resolve(repaired)).diagnostics.filter(({ severity }) => severity === 'error');
  assert.deepEqual(left, [], repaired);
}

/** Mixers that take an option. */
const taking = (key: string): string[] =>
  Object.keys(mixers).filter((name) => Object.hasOwn(mixers[name]!.options.shape, key));

/** Every mixer of `covered` has a row, so that a new one is not forgotten. */
const covers = (rows: readonly Row[], covered: readonly string[]): void =>
  assert.deepEqual([...new Set(rows.map(([mixer]) => mixer))].toSorted(), [...covered].toSorted());

/** @param covered mixers that need a row, where the rows do not come from the mixers themselves */
function table(what: string, data: string, rows: readonly Row[], covered?: readonly string[]): void {
  describe(what, () => {
    for (const row of rows) {
      const [mixer, options, at] = row;
      it(`of ${mixer} ${JSON.stringify(options)} is an error at ${at}`, () => check(data, row));
    }
    if (covered) it('is tried with every mixer that has it', () => covers(rows, covered));
  });
}

const recall = 'recall';
const prose = '{type: prose, files: [a]}';

table(
  'a width that headdim does not divide',
  recall,
  [
    [
      'mamba2',
      { headdim: 48 },
      'headdim',
      /headdim \(48\) must divide d_inner = expand · d_model \(128\)/,
      '32',
    ],
    ['mamba2', { d_inner: 100 }, 'd_inner', /headdim \(64\) must divide d_inner \(100\)/],
    ['mamba2', { headdim: 64, d_ssm: 96 }, 'headdim', /must divide d_ssm \(96\)/],
    ['mamba2', { headdim: 32, ngroups: 3 }, 'ngroups', /must divide the number of heads/, '2'],
    ['mamba3', { headdim: 48 }, 'headdim', /must divide d_inner/, '32'],
    ['mamba3', { expand: 1, headdim: 128 }, 'headdim', /must divide d_inner/, '64'],
    ['hydra', { headdim: 48 }, 'headdim', /must divide d_inner/, '32'],
    ['matrix-mixer', { headdim: 48 }, 'headdim', /must divide d_inner/, '32'],
  ],
  taking('headdim'),
);

table(
  'heads that do not divide the width',
  recall,
  [
    ['h3', { head_dim: 3 }, 'head_dim', /head_dim \(3\) must divide d_model \(64\)/],
    ['attention', { heads: 5 }, 'heads', /heads \(5\) must divide d_model \(64\)/],
  ],
  taking('head_dim'),
);

table('what a Zamba block cannot be', recall, [
  ['zamba', { heads: 5 }, 'heads', /heads \(5\) must divide 2 · d_model \(128\)/],
  ['zamba', { heads: 4, num_heads_kv: 3 }, 'num_heads_kv', /must divide heads \(4\)/],
  ['zamba', { heads: 4, rotary_emb_dim: 34 }, 'rotary_emb_dim', /at most head_dim \(32\)/, '32'],
  ['zamba', { attention_adapter: true }, 'attention_adapter', /needs an adapter_rank above 0/, 'false'],
]);

table('groups of experts that cannot be', recall, [
  ['moe', { num_experts: 8, n_group: 3 }, 'n_group', /n_group \(3\) must divide num_experts \(8\)/],
  ['moe', { num_experts: 8, n_group: 8 }, 'n_group', /at most into pairs/],
  ['moe', { n_group: 4, topk_group: 5 }, 'topk_group', /topk_group \(5\) is more than n_group \(4\)/],
  ['moe', { n_group: 4, top_k: 3 }, 'top_k', /1 of 4 groups have 2 experts, fewer than top_k \(3\)/],
]);

table(
  'an odd number of states where they come in pairs',
  recall,
  [
    ['s4', { d_state: 5 }, 'd_state', /must be even: the complex states come in conjugate pairs/, '6'],
    ['s4d', { d_state: 5 }, 'd_state', /conjugate pairs/, '6'],
    ['dss', { d_state: 5 }, 'd_state', /conjugate pairs/, '6'],
    ['h3', { d_state: 5 }, 'd_state', /conjugate pairs/, '6'],
    ['mamba3', { d_state: 5 }, 'd_state', /must be even: the state rotates in pairs/, '6'],
  ],
  ['s4', 's4d', 'dss', 'h3', 'mamba3'],
);

table(
  'a kernel shorter than the data',
  recall,
  [
    ['s4', { l_max: 32 }, 'l_max', /shorter than the data \(64 tokens\)/, '64'],
    ['dss', { l_max: 32 }, 'l_max', /shorter than the data/, '64'],
    ['long-conv', { l_max: 32 }, 'l_max', /shorter than the data/, '64'],
  ],
  taking('l_max'),
);

table(
  'a matrix smaller than the data',
  recall,
  [['matrix-mixer', { max_seq_len: 32 }, 'max_seq_len', /must not be shorter than the sequences/, '64']],
  taking('max_seq_len'),
);

table('a matrix that cannot be made from the data', recall, [
  [
    'matrix-mixer',
    { headdim: 32, matrix_mixer_type: 'dense' },
    'matrix_mixer_type',
    /cannot be made from the data/,
  ],
]);

table(
  'dt_min above dt_max',
  recall,
  taking('dt_min').flatMap((mixer): Row[] => [
    [mixer, { dt_min: 0.2 }, 'dt_min', /dt_min \(0\.2\) must be below dt_max \(0\.1\)/],
    [mixer, { dt_max: 0.0005 }, 'dt_max', /dt_min \(0\.001\) must be below dt_max \(0\.0005\)/],
    [mixer, { dt_max: 0.01, dt_min: 0.01 }, 'dt_min', /must be below/],
  ]),
);

/** Sizes of windows: how far a layer sees, or averages. */
const windows = ['window', 'window_size', 'ma_window_len', 'min_avg_window', 'truncation'];
table(
  'a window of no tokens',
  recall,
  windows.flatMap((key) =>
    taking(key).flatMap((mixer): Row[] => [
      [mixer, { [key]: 0 }, key, /positive whole number; found `0`/],
      [mixer, { [key]: -3 }, key, /positive whole number; found `-3`/],
    ]),
  ),
);

const later = /sees later tokens, but a language model predicts them/;
table(
  'both directions in a language model',
  prose,
  [
    ...taking('bidirectional').map((mixer): Row => [
      mixer,
      { bidirectional: true },
      'bidirectional',
      later,
      'false',
    ]),
    ['attention', { causal: false }, 'causal', later, 'true'],
    ['hydra', {}, 'mixer', later],
    ['matrix-mixer', {}, 'mixer', later],
    ['long-conv', { block_fft: true }, 'block_fft', later, 'false'],
    ['spacetime', { horizon: 8, n_kernels: 64 }, 'horizon', later, '0'],
  ],
  [...taking('bidirectional'), 'attention', 'hydra', 'matrix-mixer', 'spacetime'],
);

describe('names of other tools', () => {
  it('lead to the option', async () => {
    await check(recall, ['s4', { l_kernel: 64 }, 'l_kernel', /Did you mean `l_max`/, 'l_max']);
  });
});

describe('layers that share their parameters', () => {
  const shared = (second: string): string =>
    `data: recall\nmodel:\n  d_model: 64\n  layers:\n    - {mixer: mlp, share: A}\n    - {mixer: mamba}\n    - ${second}\n`;

  it('must be alike: the error stands at the name', async () => {
    for (const [second, message] of [
      ['{mixer: mlp, activation: gelu, share: A}', /stands at an earlier layer with other options/],
      ['{mixer: glu, share: A}', /stands at an earlier layer of kind mlp/],
    ] as const) {
      const { diagnostics, config: resolved } = await resolve(shared(second));
      assert.deepEqual(
        diagnostics.map(({ severity, line }) => [severity, line]),
        [['error', 7]],
      );
      assert.match(diagnostics[0]!.message, message);
      assert.equal(resolved, undefined);
    }
  });

  it('keep the name in the resolved config, from a list and from a pattern', async () => {
    const { config: resolved } = await resolve(shared('{mixer: mlp, share: A}'));
    assert.deepEqual(
      resolved?.model.layers.map((layer) => (layer as { share?: string }).share),
      ['A', undefined, 'A'],
    );
    const pattern = await resolve(
      'data: recall\nmodel:\n  d_model: 64\n  pattern: "MSMS"\n  symbols: {S: {mixer: zamba, share: A}}\n',
    );
    assert.deepEqual(
      pattern.config?.model.layers.map((layer) => (layer as { share?: string }).share),
      [undefined, 'A', undefined, 'A'],
    );
  });
});

describe('layers side by side and their factors', () => {
  const stack = (...layers: string[]): string =>
    [
      'data: recall',
      'model:',
      '  d_model: 64',
      '  layers:',
      ...layers.map((layer) => `    - ${layer}`),
      '',
    ].join('\n');

  for (const [layers, line, message] of [
    [
      ['{mixer: mamba, beside: true}'],
      5,
      /Layer 0 \(mamba\) stands beside the layer before it, but it is the first/,
    ],
    [
      ['{mixer: sma}', '{mixer: mamba, beside: true}'],
      6,
      /cannot stand beside layer 0: both need a norm in front/,
    ],
    [['{mixer: mamba}', '{mixer: zamba, beside: true}'], 6, /cannot stand beside layer 0/],
    [['{mixer: sma, out_scale: 2}'], 5, /Layer 0 \(sma\) holds its residual itself, so it has no out_scale/],
    [['{mixer: mlp, activation: gelu, gate_scale: 2}'], 5, /gate_scale is for activation swiglu/],
    [['{mixer: mamba, bcdt_norm_weights: true}'], 5, /bcdt_norm_weights needs a bcdt_norm_eps/],
    [
      ['{mixer: mamba2, d_ssm: 64, in_proj_scales: [1, 1, 1, 1, 2]}'],
      5,
      /in_proj_scales needs that every channel passes the scan/,
    ],
  ] as const) {
    it(`are refused: ${layers.join(', ')}`, async () => {
      const { diagnostics } = await resolve(stack(...layers));
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      assert.deepEqual(
        errors.map((error) => error.line),
        [line],
      );
      assert.match(errors[0]!.message, message);
    });
  }

  it('are kept in the resolved config', async () => {
    const { config: resolved } = await resolve(
      stack('{mixer: mamba, in_scale: 0.5}', '{mixer: attention, beside: true, out_scale: 2}'),
    );
    const [first, second] = resolved!.model.layers as unknown as Record<string, unknown>[];
    assert.equal(first!['in_scale'], 0.5);
    assert.deepEqual([second!['beside'], second!['out_scale']], [true, 2]);
  });
});

describe('low-rank updates', () => {
  it('of maps that no layer has are an error at the targets', async () => {
    const { diagnostics } = await resolve(
      'data: recall\nmodel:\n  d_model: 64\n  lora:\n    targets: [fc9]\n  layers:\n    - {mixer: mlp}\n',
    );
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      errors.map(({ line }) => line),
      [5],
    );
    assert.match(errors[0]!.message, /No layer has a linear map fc9; there are fc1, fc2/);
  });
});

describe('an unknown mixer', () => {
  it('is an error at its line, with the nearest one', async () => {
    await check(recall, ['s4dd', {}, 'mixer', /`s4dd` is not a mixer/, 's4d']);
  });
});
