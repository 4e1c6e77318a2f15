/**
 * @file Low-rank updates of linear maps (Hu et al., 2022): W + alpha / rank · B A, where only A and B are trained.
 * They are parameters beside the weight, `in_proj.lora_A` (rank, in) and `in_proj.lora_B` (out, rank).
 */
import * as g from '../graph';
import type { Tensor } from '../graph';
import type { Parameters, ParameterSpec, Tensors } from '../layers';
import { linear, zeros } from '../layers/init';
import type { LoraConfig, ModelConfig } from './config';
import { ModelError } from './types';

const A = '.lora_A';
const B = '.lora_B';
const partOf = (weight: string): string => weight.replace(/\.weight$/, '');

export const isAdapter = (name: string): boolean => name.endsWith(A) || name.endsWith(B);
export const frozen = (spec: ParameterSpec): ParameterSpec => ({ ...spec, frozen: true });

/** The parameters of a layer, frozen, with the updates of those that have one. */
export function withAdapters(parameters: Parameters, { rank, targets }: LoraConfig): Parameters {
  const all: Record<string, ParameterSpec> = {};
  for (const [name, spec] of Object.entries(parameters)) {
    all[name] = frozen(spec);
    const part = partOf(name);
    if (part === name || !targets.includes(part) || spec.shape.length !== 2) continue;
    const [outputs, inputs] = spec.shape as [number, number];
    all[part + A] = { shape: [rank, inputs], init: linear(inputs), decay: true };
    // Zero, so that training starts from the model as it is.
    all[part + B] = { shape: [outputs, rank], init: zeros, decay: true };
  }
  return all;
}

/** The updates as far as layers of one kind have them; the rest of their weights stays frozen. */
export const targetsOf = (parameters: Parameters, lora: LoraConfig): LoraConfig => ({
  ...lora,
  targets: lora.targets.filter((target) => `${target}.weight` in parameters),
});

/** @throws ModelError when no layer has one of the targets */
export function checkTargets(
  layers: readonly { readonly parameters: Parameters }[],
  { targets }: LoraConfig,
): void {
  const missing = targets.find((target) => !layers.some(({ parameters }) => `${target}${A}` in parameters));
  if (missing === undefined) return;
  const known = layers
    .flatMap(({ parameters }) => Object.entries(parameters))
    .filter(([name, { shape }]) => name.endsWith('.weight') && shape.length === 2)
    .map(([name]) => partOf(name));
  throw new ModelError(`No layer has a linear map ${missing}; there are ${[...new Set(known)].join(', ')}.`, [
    'model',
    'lora',
    'targets',
  ]);
}

/** A parameter as the layer computes with it: a weight with its update. */
export function adapted(name: string, p: Tensors, { rank, alpha }: LoraConfig): Tensor {
  const weight = p[name]!;
  const part = partOf(name);
  const [down, up] = [p[part + A], p[part + B]];
  if (!down || !up) return weight;
  return g.add(weight, g.mul(g.matmul(up, down), alpha / rank));
}

/**
 * The model without updates, its weights with them.
 * @param parameters of the model with updates; not changed
 */
export function mergeAdapters(
  config: ModelConfig,
  parameters: ReadonlyMap<string, Float32Array>,
): { config: ModelConfig; parameters: Map<string, Float32Array> } {
  const { lora, ...rest } = config;
  if (!lora) return { config, parameters: new Map(parameters) };
  const merged = new Map<string, Float32Array>();
  for (const [name, values] of parameters) {
    if (isAdapter(name)) continue;
    const [down, up] = [A, B].map((kind) => parameters.get(partOf(name) + kind));
    merged.set(name, down && up ? updated(values, down, up, lora) : values);
  }
  return { config: rest, parameters: merged };
}

function updated(
  weight: Float32Array,
  down: Float32Array,
  up: Float32Array,
  { rank, alpha }: LoraConfig,
): Float32Array {
  const inputs = down.length / rank;
  return weight.map((value, i) => {
    const [row, column] = [Math.floor(i / inputs), i % inputs];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += up[row * rank + k]! * down[k * inputs + column]!;
    return value + (alpha / rank) * sum;
  });
}
