/**
 * @file Tensor names of Hugging Face's `zamba2` (transformers `models/zamba2` at 00511f5). The same table reads and
 * writes. A shared block lies under every layer that uses it; files keep the first, or all alike.
 */
import { projections, type Piece } from './types';

/** Where our layers stand in the file, in our order. */
export type Zamba2Layer =
  | { readonly kind: 'mamba'; readonly at: number; readonly hybrid: boolean }
  /** `use`: how many blocks were applied before; `sites`: layers that use the same block, in order. */
  | {
      readonly kind: 'block';
      readonly at: number;
      readonly use: number;
      readonly sites: readonly number[];
      readonly rows: readonly [q: number, k: number, v: number];
    };

const OUTER: Readonly<Record<string, string>> = {
  'backbone.embedding.weight': 'model.embed_tokens.weight',
  'backbone.norm_f.weight': 'model.final_layernorm.weight',
};

const PARTS: Readonly<Record<string, string>> = {
  input_norm: 'input_layernorm',
  out_proj: 'self_attn.o_proj',
  ff_norm: 'pre_ff_layernorm',
  fc1: 'feed_forward.gate_up_proj',
  fc2: 'feed_forward.down_proj',
};

const ADAPTERS: Readonly<Record<string, string>> = {
  q_adapter: 'self_attn.linear_q_adapter_list',
  k_adapter: 'self_attn.linear_k_adapter_list',
  v_adapter: 'self_attn.linear_v_adapter_list',
  fc1_adapter: 'feed_forward.gate_up_proj_adapter_list',
};

/** @returns what our parameter `name` is made of; the first of a piece's names is the one to write */
export function zamba2Pieces(layers: readonly Zamba2Layer[], name: string): readonly Piece[] {
  const match = /^backbone\.layers\.(\d+)\.(norm|mixer)\.(.+)$/.exec(name);
  const layer = match && layers[Number(match[1])];
  if (!match || !layer) return [{ names: [OUTER[name] ?? name] }];
  const [, , where, rest] = match as unknown as [string, string, string, string];
  const theirs = `model.layers.${layer.at}.`;
  if (layer.kind === 'mamba') {
    const inside = `${theirs}${layer.hybrid ? 'mamba_decoder.' : ''}`;
    return [{ names: [`${inside}${where === 'norm' ? 'input_layernorm' : 'mamba'}.${rest}`] }];
  }
  const [part, ...more] = rest.split('.') as [string, ...string[]];
  const kind = more.at(-1)!;
  if (part === 'linear') return [{ names: [`${theirs}linear.${kind}`] }];
  const shared = (path: string): readonly string[] =>
    layer.sites.map((site) => `model.layers.${site}.shared_transformer.${path}`);
  const list = ADAPTERS[part];
  if (list !== undefined) {
    const half = more[0] === 'down' ? 0 : 1;
    return [{ names: shared(`${list}.${layer.use}.${half}.${kind}`) }];
  }
  if (part === 'in_proj') {
    return projections.map((projection, i) => ({
      names: shared(`self_attn.${projection}.${kind}`),
      rows: layer.rows[i]!,
    }));
  }
  return [{ names: shared(`${PARTS[part] ?? part}.${kind}`) }];
}

/** Copies of a shared block under further layers. */
export const isCopy = (name: string): boolean =>
  /^(model\.)?layers\.\d+\.shared_transformer\.(self_attn|feed_forward|input_layernorm|pre_ff_layernorm)\./.test(
    name,
  );
