/** @file A script that rebuilds a model with the authors' package `mamba_ssm` and loads its weights. */
import { unusual, type Model } from '../../models';

/** Why the authors' `MambaLMHeadModel` cannot be this model; undefined when it can. */
export function pytorchProblem(model: Model): string | undefined {
  const kinds = new Set(model.layers.map(({ mixer }) => mixer));
  const other = [...kinds].find((kind) => kind !== 'mamba' && kind !== 'mamba2');
  if (other !== undefined) return `it has layers of kind ${other}`;
  if (kinds.size > 1) return 'it mixes Mamba and Mamba-2';
  if (new Set(model.layers.map(({ resolved }) => JSON.stringify(resolved))).size > 1)
    return 'its layers have different options';
  if (model.task.type !== 'language-model') return 'it is no language model';
  const special = unusual(model);
  if (special !== undefined) return `it has ${special}`;
  const options = model.layers[0]!.resolved as Record<string, unknown>;
  if (options['bcdt_norm_eps'] !== undefined) return 'it normalises B, C and Δ';
  if (model.layers[0]!.mixer === 'mamba2' && options['norm_groups'] !== options['ngroups'])
    return 'its gated norm runs over other groups';
  if (options['d_inner'] !== (options['expand'] as number) * model.config.d_model)
    return 'its inner width is not expand · d_model';
  if (options['learnable_init_states']) return 'it has learned initial states';
  if (model.config.norm === 'batch') return 'its norms are batch norms';
  if (model.config.norm_position === 'post') return 'its norms stand behind the layers';
  const eps = [model.config.norm_eps, options['gated_norm_eps'] ?? model.config.norm_eps];
  return eps.every((one) => one === 1e-5) ? undefined : 'its norms have another eps than 1e-5';
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  mamba: ['d_state', 'd_conv', 'expand', 'dt_rank', 'conv_bias', 'bias'],
  mamba2: [
    'd_state',
    'd_conv',
    'expand',
    'headdim',
    'ngroups',
    'D_has_hdim',
    'rmsnorm',
    'norm_before_gate',
    'dt_limit',
    'conv_bias',
    'bias',
    'chunk_size',
  ],
};

function python(value: unknown): string {
  if (Array.isArray(value)) return `(${value.map(python).join(', ')})`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === Infinity) return 'float("inf")';
  return JSON.stringify(value);
}

/** Text of `load.py`, which stands beside `model.safetensors` with the authors' names. @throws Error */
export function pytorchScript(model: Model): string {
  const problem = pytorchProblem(model);
  if (problem !== undefined)
    throw new Error(`mamba_ssm's MambaLMHeadModel cannot be this model: ${problem}.`);
  const [layer] = model.layers;
  const options = layer!.resolved as Record<string, unknown>;
  const written = [...KEYS[layer!.mixer]!, ...(options['d_ssm'] === options['d_inner'] ? [] : ['d_ssm'])]
    .filter((key) => options[key] !== undefined)
    .map((key) => `        ${key}=${python(options[key])},`);
  const { config, rows } = model;
  return `"""Rebuilds the model with the authors' package. Needs: pip install mamba-ssm causal-conv1d safetensors"""

from pathlib import Path

from mamba_ssm.models.config_mamba import MambaConfig
from mamba_ssm.models.mixer_seq_simple import MambaLMHeadModel
from safetensors.torch import load_file

config = MambaConfig(
    d_model=${config.d_model},
    n_layer=${model.layers.length},
    vocab_size=${rows},
    pad_vocab_size_multiple=1,
    tie_embeddings=${python(config.tie_embeddings)},
    rms_norm=${python(config.norm === 'rms')},
    ssm_cfg=dict(
        layer="${layer!.mixer === 'mamba' ? 'Mamba1' : 'Mamba2'}",
${written.join('\n')}
    ),
)


def load(device="cuda"):
    model = MambaLMHeadModel(config, device=device)
    weights = load_file(Path(__file__).with_name("model.safetensors"), device=device)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    # A tied head is the embedding and not stored.
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model.eval()


if __name__ == "__main__":
    print(load())
`;
}
