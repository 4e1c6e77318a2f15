/** @file Zamba2 in float64, from the tensors of a file (Glorioso et al., 2024; the names are Hugging Face's). */
import { add, attention, gelu, get, linear, mamba2, rms, type File, type Rows } from './reference';

export interface Zamba2Config {
  readonly hidden_size: number;
  readonly vocab_size: number;
  readonly layers_block_type: readonly string[];
  readonly mamba_d_state: number;
  readonly mamba_d_conv: number;
  readonly mamba_expand: number;
  readonly mamba_ngroups: number;
  readonly n_mamba_heads: number;
  readonly add_bias_linear: boolean;
  readonly intermediate_size: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly num_mem_blocks: number;
  readonly use_shared_attention_adapter: boolean;
  readonly adapter_rank: number;
  readonly use_mem_rope: boolean;
  readonly rms_norm_eps: number;
  readonly tie_word_embeddings: boolean;
}

const isHybrid = (word: string): boolean => word === 'hybrid' || word === 'full_attention';
const hybridsOf = ({ layers_block_type }: Zamba2Config): number[] =>
  layers_block_type.flatMap((word, i) => (isHybrid(word) ? [i] : []));

/** Every tensor of a file, each shared block under the first layer that uses it. */
export function zamba2Shapes(c: Zamba2Config): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const { hidden_size: d, intermediate_size: f, adapter_rank: r } = c;
  const E = c.mamba_expand * d;
  const conv = E + 2 * c.mamba_ngroups * c.mamba_d_state;
  const affine = (name: string, rows: number, columns: number, bias = false): void => {
    shapes.set(`${name}.weight`, [rows, columns]);
    if (bias) shapes.set(`${name}.bias`, [rows]);
  };
  shapes.set('model.embed_tokens.weight', [c.vocab_size, d]);
  const hybrids = hybridsOf(c);
  c.layers_block_type.forEach((word, i) => {
    const at = `model.layers.${i}.`;
    const inner = isHybrid(word) ? `${at}mamba_decoder.` : at;
    affine(`${inner}mamba.in_proj`, E + conv + c.n_mamba_heads, d, c.add_bias_linear);
    affine(`${inner}mamba.out_proj`, d, E, c.add_bias_linear);
    shapes.set(`${inner}mamba.conv1d.weight`, [conv, 1, c.mamba_d_conv]);
    shapes.set(`${inner}mamba.conv1d.bias`, [conv]);
    for (const name of ['dt_bias', 'A_log', 'D']) shapes.set(`${inner}mamba.${name}`, [c.n_mamba_heads]);
    shapes.set(`${inner}mamba.norm.weight`, [E]);
    shapes.set(`${inner}input_layernorm.weight`, [d]);
    if (!isHybrid(word)) return;
    affine(`${at}linear`, d, d);
    const use = hybrids.indexOf(i);
    if (use >= c.num_mem_blocks) return;
    const block = `${at}shared_transformer.`;
    shapes.set(`${block}input_layernorm.weight`, [2 * d]);
    shapes.set(`${block}pre_ff_layernorm.weight`, [d]);
    const head = (2 * d) / c.num_attention_heads;
    affine(`${block}self_attn.q_proj`, 2 * d, 2 * d);
    for (const name of ['k_proj', 'v_proj'])
      affine(`${block}self_attn.${name}`, c.num_key_value_heads * head, 2 * d);
    affine(`${block}self_attn.o_proj`, d, 2 * d);
    affine(`${block}feed_forward.gate_up_proj`, 2 * f, d, c.add_bias_linear);
    affine(`${block}feed_forward.down_proj`, d, f, c.add_bias_linear);
    hybrids.forEach((_, j) => {
      if (j % c.num_mem_blocks !== use) return;
      affine(`${block}feed_forward.gate_up_proj_adapter_list.${j}.0`, r, d);
      affine(`${block}feed_forward.gate_up_proj_adapter_list.${j}.1`, 2 * f, r);
      if (!c.use_shared_attention_adapter) return;
      for (const name of ['q', 'k', 'v']) {
        affine(`${block}self_attn.linear_${name}_adapter_list.${j}.0`, r, 2 * d);
        affine(`${block}self_attn.linear_${name}_adapter_list.${j}.1`, 2 * d, r);
      }
    });
  });
  shapes.set('model.final_layernorm.weight', [d]);
  if (!c.tie_word_embeddings) shapes.set('lm_head.weight', [c.vocab_size, d]);
  return shapes;
}

/** What the shared block of use `j` gives for the stream and the embedded input. */
function block(file: File, c: Zamba2Config, j: number, stream: Rows, embedded: Rows): Rows {
  const name = `model.layers.${hybridsOf(c)[j % c.num_mem_blocks]!}.shared_transformer.`;
  const head_dim = (2 * c.hidden_size) / c.num_attention_heads;
  const low = (list: string, x: number[]): number[] =>
    linear(file, `${name}${list}.${j}.1`, linear(file, `${name}${list}.${j}.0`, x));
  const normed = stream.map((x, t) =>
    rms([...x, ...embedded[t]!], get(file, `${name}input_layernorm.weight`), c.rms_norm_eps),
  );
  const [q, k, v] = ['q', 'k', 'v'].map((part) =>
    normed.map((x) => {
      const base = linear(file, `${name}self_attn.${part}_proj`, x);
      return c.use_shared_attention_adapter
        ? add(base, low(`self_attn.linear_${part}_adapter_list`, x))
        : base;
    }),
  ) as [Rows, Rows, Rows];
  const read = attention(q, k, v, {
    heads: c.num_attention_heads,
    heads_kv: c.num_key_value_heads,
    head_dim,
    scale: 1 / Math.sqrt(head_dim / 2),
    rotary: c.use_mem_rope ? head_dim : 0,
    base: 10_000,
  });
  return read.map((values) => {
    const m = rms(
      linear(file, `${name}self_attn.o_proj`, values),
      get(file, `${name}pre_ff_layernorm.weight`),
      c.rms_norm_eps,
    );
    const wide = add(
      linear(file, `${name}feed_forward.gate_up_proj`, m),
      low('feed_forward.gate_up_proj_adapter_list', m),
    );
    const half = wide.length / 2;
    const hidden = wide.slice(0, half).map((gate, i) => gelu(gate) * wide[half + i]!);
    return linear(file, `${name}feed_forward.down_proj`, hidden);
  });
}

/** Logits at every position. */
export function zamba2Logits(file: File, c: Zamba2Config, ids: readonly number[]): Rows {
  const table = get(file, 'model.embed_tokens.weight');
  const d = c.hidden_size;
  const embedded = ids.map((id) => Array.from(table.slice(id * d, (id + 1) * d)));
  const hybrids = hybridsOf(c);
  let stream = embedded;
  c.layers_block_type.forEach((word, i) => {
    const at = `model.layers.${i}.`;
    let inner = at;
    let entering = stream;
    if (isHybrid(word)) {
      inner = `${at}mamba_decoder.`;
      const read = block(file, c, hybrids.indexOf(i), stream, embedded);
      entering = stream.map((x, t) => add(x, linear(file, `${at}linear`, read[t]!)));
    }
    const weight = get(file, `${inner}input_layernorm.weight`);
    const mixed = mamba2(
      file,
      `${inner}mamba`,
      entering.map((x) => rms(x, weight, c.rms_norm_eps)),
      {
        d_inner: c.mamba_expand * d,
        heads: c.n_mamba_heads,
        groups: c.mamba_ngroups,
        d_state: c.mamba_d_state,
        normGroups: c.mamba_ngroups,
        eps: 1e-5,
      },
    );
    stream = stream.map((x, t) => add(x, mixed[t]!));
  });
  const head = c.tie_word_embeddings ? 'model.embed_tokens' : 'lm_head';
  return stream.map((x) =>
    linear(file, head, rms(x, get(file, 'model.final_layernorm.weight'), c.rms_norm_eps)),
  );
}
