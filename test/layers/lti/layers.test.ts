/** @file The time-invariant mixers, in many shapes and with every option, against plain float64 loops. */
import { mixers } from '../../../src/layers';
import { checkDecoding, checkForwardAndGradients, type Slow, type Variant } from '../check-layer';
import { slowS4 } from './slow-dplr';
import { slowH3 } from './slow-h3';
import { slowLongConv } from './slow-long-conv';
import { slowDss, slowS4d } from './slow-s4';

const slow: Readonly<Record<string, Slow>> = {
  s4: slowS4 as unknown as Slow,
  s4d: slowS4d as unknown as Slow,
  dss: slowDss as unknown as Slow,
  h3: slowH3 as unknown as Slow,
  'long-conv': slowLongConv as unknown as Slow,
};

type Row = [
  mixer: string,
  options: Record<string, unknown>,
  sizes: [d_model: number, batch: number, length: number],
];

const rows: Row[] = [
  ['s4', { d_state: 4, l_max: 7 }, [3, 2, 7]],
  ['s4', { d_state: 4, l_max: 8, init: 'legt', n_ssm: 1, channels: 2 }, [2, 1, 6]],
  ['s4', { d_state: 6, l_max: 5, init: 'fout', rank: 2, dt_transform: 'softplus' }, [2, 2, 5]],
  ['s4', { d_state: 4, l_max: 12, bidirectional: true, rank: 2, n_ssm: 2 }, [4, 1, 9]],
  ['s4d', { d_state: 4 }, [3, 2, 7]],
  ['s4d', { d_state: 2, init: 'diag-inv', disc: 'bilinear', channels: 2, n_ssm: 1 }, [4, 1, 9]],
  ['s4d', { d_state: 4, init: 'diag-legs', dt_transform: 'softplus', n_ssm: 2 }, [4, 2, 5]],
  ['s4d', { d_state: 6, init: 'diag-real', real_transform: 'relu', activation: 'silu' }, [2, 1, 6]],
  ['s4d', { d_state: 4, init: 'diag-rnd', bidirectional: true, channels: 2, final_act: 'none' }, [2, 2, 6]],
  ['s4d', { d_state: 2, real_transform: 'softplus', disc: 'bilinear', activation: 'none' }, [3, 1, 1]],
  ['s4d', { d_state: 2, init: 'diag-quad', activation: 'relu', n_ssm: 1 }, [3, 2, 4]],
  ['s4d', { d_state: 4 }, [1, 1, 71]],
  ['s4d', { d_state: 2, bidirectional: true }, [2, 1, 70]],
  ['dss', { d_state: 4, l_max: 7 }, [3, 2, 7]],
  ['dss', { d_state: 2, l_max: 9, init: 'diag-lin', channels: 2, n_ssm: 1 }, [2, 1, 6]],
  ['dss', { d_state: 4, kernel: 'exp', init: 'diag-inv', dt_transform: 'softplus' }, [2, 2, 5]],
  ['dss', { d_state: 2, l_max: 8, bidirectional: true, init: 'diag-rnd', final_act: 'none' }, [2, 1, 8]],
  ['h3', { d_state: 4 }, [4, 2, 7]],
  ['h3', { d_state: 2, head_dim: 2, disc: 'zoh', measure: 'diag-inv' }, [6, 2, 5]],
  ['h3', { d_state: 6, head_dim: 3 }, [3, 1, 4]],
  ['h3', { d_state: 4 }, [2, 1, 70]],
  ['long-conv', { l_max: 7, lam: 0.1 }, [3, 2, 7]],
  ['long-conv', { l_max: 9, lam: 0, channels: 2, weight_init: 'random' }, [2, 1, 6]],
  ['long-conv', { l_max: 5, use_ma_smoothing: true, ma_window_len: 3, lam: 0.05 }, [2, 2, 9]],
  ['long-conv', { l_max: 6, bidirectional: true, channels: 2, use_ma_smoothing: true, lam: 0 }, [2, 1, 6]],
  ['long-conv', { l_max: 90, lam: 0 }, [1, 1, 80]],
  ['long-conv', { l_max: 5, block_fft: true, max_m: 2 }, [2, 2, 5]],
  ['long-conv', { l_max: 5, block_fft: true, max_m: 4, bidirectional: true, channels: 2 }, [2, 1, 6]],
];

describe('time-invariant layers', () => {
  for (const [mixer, options, [d_model, batch, length]] of rows) {
    const variant: Variant = { mixer, options, d_model, batch, length };
    describe(`${mixer} ${JSON.stringify(options)}, d_model ${d_model}, batch ${batch}, length ${length}`, () => {
      it('computes what the loops compute, and its gradients', () => {
        checkForwardAndGradients(variant, slow[mixer]!);
      });
      const definition = mixers[mixer]!;
      const dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
      if (definition.causal(definition.resolve(definition.options.parse(options), dims))) {
        it('computes the same one token at a time', () => {
          checkDecoding(variant, slow[mixer]!);
        });
      }
    });
  }
});
