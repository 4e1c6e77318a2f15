/** @file Where the time of a training step goes: per layer, per pass and per operator. */
import { median } from '../../util/median';
import type { ComputeDevice } from '../devices';
import { fallbacks, type NodeTiming } from '../ort';
import { measureSteps, timeOfUpdate, type ProfileRequest } from './measured';

/** Milliseconds per training step. */
export interface Passes {
  readonly forward: number;
  readonly backward: number;
}

export interface OperatorTime extends Passes {
  /** ONNX operator, as the runtime executes it. */
  readonly operator: string;
  readonly nodes: number;
}

export interface PartTime extends Passes {
  /** `input`, `layers.0` …, `head`, `loss`, `optimizer`. */
  readonly part: string;
  /** Most expensive first. */
  readonly operators: readonly OperatorTime[];
}

export interface StepProfile {
  readonly device: ComputeDevice;
  readonly threads: number;
  readonly steps: number;
  /** Median wall time of a step whose nodes were not measured. */
  readonly step: number;
  /** Who measured the nodes: without a clock of its own, what the host takes to hand them to the device counts. */
  readonly clock: 'host' | 'device';
  /** In the order of the model. */
  readonly parts: readonly PartTime[];
  /** The same over all parts, most expensive first. */
  readonly operators: readonly OperatorTime[];
  /** What the device left to the CPU. */
  readonly fallbacks: readonly string[];
}

/** Runs a training step a few times with every node measured. */
export async function profileStep(request: ProfileRequest): Promise<StepProfile> {
  const { model, device, threads, steps } = request;
  const { times, nodes } = await measureSteps(request);
  const update = device === 'webgpu' ? undefined : timeOfUpdate(request);
  const outer = nodes.filter(({ runs }) => runs <= steps);
  const found = group(outer, steps, partOf);
  const first = ['input', ...model.layers.map(({ index }) => `layers.${index}`), 'head', 'loss'];
  const others = [...found.keys()].filter((name) => !first.includes(name));
  const parts = [...first, ...others].map((part) => {
    const operators = found.get(part) ?? [];
    return { part, ...sum(operators), operators };
  });
  return {
    device,
    threads,
    steps,
    step: median(times)!,
    clock: nodes.some(({ clock }) => clock === 'device') ? 'device' : 'host',
    parts:
      update === undefined
        ? parts
        : [...parts, { part: 'optimizer', forward: 0, backward: update, operators: [] }],
    operators: [...group(outer, steps, () => '').values()].flat(),
    fallbacks: device === 'cpu' ? [] : fallbacks(nodes),
  };
}

const scopeOf = (name: string): string[] => name.split('/').slice(0, -1);
const partOf = ({ name }: NodeTiming): string => scopeOf(name)[0] ?? 'other';

/** What comes after the forward pass. */
const AFTER = new Set(['backward', 'clip', 'optimizer']);

/** Times by a key, then by operator, most expensive first. */
function group(
  nodes: readonly NodeTiming[],
  steps: number,
  keyOf: (node: NodeTiming) => string,
): Map<string, OperatorTime[]> {
  const groups = new Map<string, Map<string, OperatorTime>>();
  for (const node of nodes) {
    const key = keyOf(node);
    const operators = groups.get(key) ?? new Map<string, OperatorTime>();
    groups.set(key, operators);
    const { operator, name, runs, microseconds } = node;
    const before = operators.get(operator) ?? { operator, nodes: 0, forward: 0, backward: 0 };
    const pass = scopeOf(name).some((scope) => AFTER.has(scope)) ? 'backward' : 'forward';
    const time = before[pass] + (microseconds * runs) / 1000 / steps;
    operators.set(operator, { ...before, nodes: before.nodes + 1, [pass]: time });
  }
  return new Map(
    [...groups].map(([key, operators]) => [key, [...operators.values()].sort((a, b) => total(b) - total(a))]),
  );
}

export const total = ({ forward, backward }: Passes): number => forward + backward;

const sum = (operators: readonly Passes[]): Passes => ({
  forward: operators.reduce((all, { forward }) => all + forward, 0),
  backward: operators.reduce((all, { backward }) => all + backward, 0),
});
