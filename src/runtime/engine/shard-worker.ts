/**
 * @file A thread that computes loss and gradients of a part of every batch. onnxruntime's binding takes no shared
 * memory, so parameters and gradients are copied between the shared blocks and memory of this thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openSession, type Session } from '../ort/session';
import { viewsOf, type ShardReply, type ShardRequest, type ShardSetup } from './shard-protocol';

const setup = workerData as ShardSetup;
const parameters = new Uint8Array(setup.parameterBlock.byteLength);
const gradients = new Uint8Array(setup.gradientBlock.byteLength);
const feeds = Object.fromEntries(viewsOf(parameters.buffer, setup.parameters));
let opening: Promise<Session> | undefined;

async function step(request: ShardRequest): Promise<ShardReply> {
  const { compiled, threads } = setup;
  opening ??= openSession(compiled, {
    device: 'cpu',
    threads,
    optimize: false,
    preallocate: Object.fromEntries(viewsOf(gradients.buffer, setup.gradients)),
  });
  const session = await opening;
  parameters.set(new Uint8Array(setup.parameterBlock));
  const { loss } = await session.run({ ...feeds, ...request });
  new Uint8Array(setup.gradientBlock).set(gradients);
  return { loss: (loss as Float32Array)[0]! };
}

parentPort!.on('message', (request: ShardRequest) => {
  void step(request)
    .catch((error: unknown): ShardReply => ({
      error: error instanceof Error ? error.message : String(error),
    }))
    .then((reply) => parentPort!.postMessage(reply));
});
