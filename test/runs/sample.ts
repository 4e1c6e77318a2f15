/** @file What a test run says of itself, and its rows. */
import type { NewRun } from '../../src/runs';

export const newRun: NewRun = {
  device: 'cpu',
  threads: 2,
  versions: { 'ssm-studio': '0.0.0', node: '20.0.0', onnxruntime: '1.0.0' },
  config_hash: 'c',
  data_hash: 'd',
  parameters: 3,
  steps: 10,
  config: '/somewhere/x.ssm.yaml',
};

export const trainRow = (step: number): Record<string, number> & { step: number } => ({
  step,
  loss: 2 / step,
  lr: 1e-3,
  grad_norm: 0.5,
  tokens: step * 2048,
  flops: step * 1e9,
  seconds: step * 0.02,
});
