/** @file `mamba.block`, `mamba2.block` and `hydra.block`: one mixer, forward, backward and token by token. */
import type { GoldenCase } from '../case';
import type { Machine, Results } from '../machine';
import { hydraOptions, mamba2Options, mambaOptions } from '../mixer-options';
import { runMixer, runTokens, type MixerRun } from '../mixer-run';

const block =
  (mixer: 'mamba' | 'mamba2', read: typeof mambaOptions) =>
  async (goldenCase: GoldenCase, machine: Machine): Promise<Results> => {
    const run = await runMixer(goldenCase, machine, mixer, read, 'input.x');
    const decodes = goldenCase.names.some((name) => /^output\.(decode_y|\w+_state_t\d+)$/.test(name));
    return decodes ? { ...run.results, ...(await decoded(goldenCase, machine, run)) } : run.results;
  };

/** `decode_y` and the states behind every token. */
async function decoded(goldenCase: GoldenCase, machine: Machine, run: MixerRun): Promise<Results> {
  const [batch, length, d_model] = goldenCase.shape('input.x', 3) as [number, number, number];
  const y = new Float64Array(batch * length * d_model);
  const results: Results = { 'output.decode_y': { shape: [batch, length, d_model], values: y } };
  await runTokens(goldenCase, machine, run, 'input.x', (t, outputs) => {
    for (let b = 0; b < batch; b++) {
      for (let d = 0; d < d_model; d++) {
        y[(b * length + t) * d_model + d] = outputs['y']!.values[b * d_model + d]!;
      }
    }
    for (const [name, value] of Object.entries(outputs)) {
      if (name !== 'y') results[`output.${name.slice('next.state.'.length)}_t${t}`] = value;
    }
  });
  return results;
}

export const mambaBlock = block('mamba', mambaOptions);
export const mamba2Block = block('mamba2', mamba2Options);

export const hydraBlock = async (goldenCase: GoldenCase, machine: Machine): Promise<Results> =>
  (await runMixer(goldenCase, machine, 'hydra', hydraOptions, 'input.u')).results;
