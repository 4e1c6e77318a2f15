/** @file A whole optimiser step of ours as training runs it: batch, forward, backward, clipping, AdamW. */
import type { Dataset } from '../../src/data';
import { mul, sum, type Tensor } from '../../src/graph';
import type { Model } from '../../src/models';
import { trainSchema } from '../../src/models/config';
import { GRADIENT } from '../../src/optimizer';
import { openCpuEngine } from '../../src/runtime/engine/cpu';
import { shardCount } from '../../src/runtime/engine/shards';
import { timed, type Contestant } from '../harness';

interface Settings {
  readonly batch: number;
  readonly threads: number;
  /** Leaves out what the graph computes: gradients are the parameters, so that the call and all around it remain. */
  readonly empty?: boolean;
}

/** @param data where the batches come from */
export async function stepOf(
  model: Model,
  data: Pick<Dataset, 'trainBatch'>,
  { batch, threads, empty = false }: Settings,
): Promise<Contestant> {
  const shards = shardCount(threads, batch, model.parameterCount);
  const engine = await openCpuEngine({
    parameters: model.parameters,
    graph: empty ? emptied(model) : model.trainingStep(batch / shards),
    train: trainSchema.parse({ batch_size: batch }),
    ...{ threads, shards },
  });
  await engine.write({ parameters: model.initialise(0) });
  let step = 0;
  return {
    name: `ours, ${engine.nodes} nodes`,
    run: () =>
      timed(async () => {
        const examples = data.trainBatch(step, batch);
        step++;
        await engine.step([examples], { step, rate: (peak) => peak });
      }),
    close: () => engine.release(),
  };
}

/** A graph with the parameters for gradients and a loss of 0. */
function emptied(model: Model): Record<string, Tensor> {
  const parameters = Object.entries(model.parameterInputs());
  const gradients = parameters.map(([name, tensor]) => [GRADIENT + name, mul(tensor, 0)] as const);
  return { loss: sum(mul(parameters[0]![1], 0)), ...Object.fromEntries(gradients) };
}
