/** @file Parameters that share learning rate and weight decay. */
import type { OptimizerConfig } from './config';

/** What an optimiser needs to know of a parameter; see `ParameterSpec` of `src/layers`. */
export interface ParameterInfo {
  readonly shape: readonly number[];
  readonly decay: boolean;
  readonly weightDecay?: number;
  readonly lr?: number;
  readonly lrScale?: number;
  readonly frozen?: boolean;
}

export interface ParameterGroup {
  /** Peak learning rate, which the schedule scales. */
  readonly lr: number;
  readonly weightDecay: number;
  /** Never updated: neither gradients nor states are kept. */
  readonly frozen?: true;
  /** In the order of the parameters. */
  readonly names: readonly string[];
}

/** Groups in the order of their first parameters. */
export function parameterGroups(
  parameters: ReadonlyMap<string, ParameterInfo>,
  optimizer: Pick<OptimizerConfig, 'lr' | 'weight_decay'>,
): ParameterGroup[] {
  const groups = new Map<string, ParameterGroup & { names: string[] }>();
  for (const [name, { decay, weightDecay: own, lr: ownLr, lrScale = 1, frozen = false }] of parameters) {
    const lr = frozen ? 0 : (ownLr ?? optimizer.lr) * lrScale;
    const weightDecay = own ?? (decay ? optimizer.weight_decay : 0);
    const key = `${lr}/${weightDecay}/${frozen}`;
    const group = groups.get(key) ?? { lr, weightDecay, ...(frozen && { frozen }), names: [] };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()];
}
