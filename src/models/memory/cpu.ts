/** @file Memory of training in a process: the graph of a training step, what keeps its parameters, and the program. */
import * as g from '../../graph';
import { updateRule } from '../../optimizer';
import { expandLayers } from '../config';
import { stackNeeds, type Part } from './stack';
import { EVALUATION, type MemoryRequest, type TrainingMemory } from './types';

/** Resident memory of the program with the runtime before it trains anything. */
const PROGRAM = 190e6;
/** Of a session per node: the runtime's description of it, its plan, its kernel. */
const PER_NODE = 10e3;
/** A further thread with the runtime, before it computes anything. */
const THREAD = 22e6;
/** Of the weights per further thread: theirs, their gradients, these in shared memory and in the runtime's binding. */
const THREAD_COPIES = 4;

/** Layers that a probe of training looks at, each by a session of its own, and the longest example. */
const LOOKED_AT = 8;
const LONGEST_LOOK = 1024;
/** Matrices of token by token in double that lie about while a probe is taken. */
const MATRICES = 8;

const isProbed = ({ train, data }: MemoryRequest): boolean =>
  train.probe_every !== 0 && data.length <= LONGEST_LOOK;

/**
 * Within about 20 % of the resident memory at its peak.
 * @throws ModelError when there is no such model
 */
export function processMemory(request: MemoryRequest): TrainingMemory {
  const { train, shards = 1 } = request;
  const probed = isProbed(request);
  const need = stackNeeds(request, {
    key: ['cpu', probed],
    count: (part) => needsOf(part, shards, probed),
  });
  const others = shards - 1;
  // Weights, gradients, and a copy of these that the runtime's binding makes of every result.
  const states = updateRule(train.optimizer).states.length;
  const summed = train.accumulate > 1 || others > 0 ? 1 : 0;
  const shared = others > 0 ? 1 + THREAD_COPIES * others : 0;
  const parameters = (3 + states + summed + shared) * need('outputs') + need('frozen');
  const activations = need('peak');
  const program = PROGRAM + THREAD * others + PER_NODE * (1 + others) * need('nodes');
  const probes = probed ? probing(request, need('example'), need('evaluationNodes')) : 0;
  return { parameters, activations, program, probes, total: parameters + activations + program + probes };
}

function needsOf({ model, step, evaluation, keptBytes }: Part, shards: number, probed: boolean) {
  const training = g.memoryNeed(Object.values(step), { target: 'cpu', keptBytes });
  const scoring = g.memoryNeed(Object.values(evaluation), { target: 'cpu', keptBytes });
  const one = probed ? g.memoryNeed(Object.values(model.evaluation(1)), { target: 'cpu' }).peak : 0;
  return {
    peak: shards * training.peak + EVALUATION * scoring.peak,
    /** Of one evaluated example, and nodes of its graph. */
    example: EVALUATION * one,
    evaluationNodes: scoring.nodes,
    outputs: training.outputs,
    /** Weights without gradients and states. */
    frozen: [...model.parameters.values()].reduce(
      (sum, { frozen, shape }) => sum + (frozen ? 4 * g.size(shape) : 0),
      0,
    ),
    nodes: training.nodes + scoring.nodes,
  };
}

/** The sessions of a probe, of which the k-th computes k layers, and its matrices. */
function probing({ model, data }: MemoryRequest, example: number, nodes: number): number {
  const layers = expandLayers(model.layers).length;
  const looked = Math.min(LOOKED_AT, layers);
  const sessions = (PER_NODE * nodes * looked * (looked + 1)) / (2 * layers);
  return looked * example + sessions + MATRICES * 8 * data.length ** 2;
}
