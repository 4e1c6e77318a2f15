/** @file A whole optimiser step of ours as training runs it: batch, forward, backward, clipping, AdamW. */
import type { Dataset } from '../../src/data';
import type { Model } from '../../src/models';
import { trainSchema } from '../../src/models/config';
import { openCpuEngine } from '../../src/runtime/engine/cpu';
import { shardCount } from '../../src/runtime/engine/shards';
import { timed, type Contestant } from '../harness';

/** @param data where the batches come from */
export async function stepOf(
  model: Model,
  data: Pick<Dataset, 'trainBatch'>,
  { batch, threads }: { readonly batch: number; readonly threads: number },
): Promise<Contestant> {
  const shards = shardCount(threads, batch, model.parameterCount);
  const engine = await openCpuEngine({
    parameters: model.parameters,
    graph: model.trainingStep(batch / shards),
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
