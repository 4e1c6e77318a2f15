/**
 * @file One run from its config to its end: data, model, run folder, engine, socket, loop, final state. Nothing
 * is written before the data are open and the model is built, so that a typo leaves no folder behind.
 */
import type { Dataset } from '../../data/define';
import type { Model } from '../../models';
import type { Device, RunConfig } from '../../models/config';
import type { FileSystem } from '../checkpoint';
import { defaultThreads, type ComputeDevice } from '../devices';
import type { RunControl } from '../process/control';
import type { LiveStatus } from '../process/protocol';
import { RunServer } from '../process/server';
import { deviceFor, openEngine, shardsFor, threadsFor } from './engine';
import { readRunInfo, RunWriter, type SyncFileSystem } from '../../runs';
import { runtimeVersion } from '../versions';
import { explainMemory, planMemory } from './memory';
import { configHash, modelOf, openData } from './prepare';
import { forbiddenChanges } from './resume';
import { TrainingRun } from './training-run';
import type { Evaluation } from './evaluate';

export interface TrainRequest {
  readonly config: RunConfig;
  /** The resolved config as YAML, for the run folder. */
  readonly configText: string;
  /** Absolute path of the config that was given. */
  readonly configPath: string;
  /** Where relative data paths start. */
  readonly baseDir: string;
  /** Data files that ship with the product. */
  readonly bundledDir: string;
  readonly runDir: string;
  /** The config of the run in `runDir`, when it is to be continued. */
  readonly resume?: RunConfig;
  /** Overrides the config's. */
  readonly device?: Device;
  readonly threads?: number;
  /** Version of this product. */
  readonly version: string;
  readonly control: RunControl;
  /** Answers probes: everything that can be seen of a layer on a held-out example, as JSON. */
  inspect(request: {
    readonly model: Model;
    readonly parameters: ReadonlyMap<string, Float32Array>;
    readonly data: Dataset;
    readonly layer: number;
    readonly example: number;
    readonly threads: number;
  }): Promise<object>;
  /** Looks at one held-out example for the replay of training; none are taken without it. */
  frames?(request: {
    readonly model: Model;
    readonly data: Dataset;
    readonly example: number;
    readonly threads: number;
  }): {
    take(parameters: ReadonlyMap<string, Float32Array>): Promise<object>;
    release(): Promise<void>;
  };
  onRow?(row: Readonly<Record<string, unknown>>): void;
  onStatus?(status: LiveStatus): void;
  /** One line for the log. */
  onMessage?(text: string): void;
  /** The disk, where a test wants another one. */
  readonly disk?: { readonly checkpoints?: FileSystem; readonly run?: SyncFileSystem };
}

export interface TrainResult {
  readonly status: 'finished' | 'stopped';
  readonly runDir: string;
  readonly step: number;
  readonly seconds: number;
  /** Of the last step, where it was evaluated. */
  readonly evaluations: readonly Evaluation[];
}

/** A resume that cannot give the run's own numbers. */
export class ResumeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ResumeError';
  }
}

/** Trains to the end or until `request.control` says stop. */
export async function train(request: TrainRequest): Promise<TrainResult> {
  const say = (text: string): void => request.onMessage?.(text);
  if (request.resume !== undefined) {
    const changed = forbiddenChanges(request.resume, request.config);
    if (changed.length > 0) {
      throw new ResumeError(
        `The run in ${request.runDir} cannot be resumed with a config that differs in ${changed.join(', ')}. ` +
          'Only train.steps, eval, logging and checkpointing may change; start a new run for the rest.',
      );
    }
  }
  const { seed } = request.config;
  const asked = { ...request.config, device: request.device ?? request.config.device };
  const data = await openData(asked, { baseDir: request.baseDir, bundledDir: request.bundledDir, seed });
  const model = modelOf(asked, data);
  const earlier = request.resume === undefined ? undefined : await readRunInfo(request.runDir);
  if (earlier !== undefined && earlier.data_hash !== data.hash) {
    throw new ResumeError(
      'The data have changed since this run began, so it cannot be continued. Start a new run.',
    );
  }
  const fixed = request.threads ?? earlier?.threads;
  const asking = { config: asked, model, data, version: request.version, threads: fixed ?? defaultThreads() };
  const kept = earlier !== undefined && request.device === undefined;
  const choice = kept
    ? { device: earlier.device as ComputeDevice, reason: 'as the run began' }
    : await deviceFor(asking);
  const threads = fixed ?? (await threadsFor(choice.device, asking));
  const memory = planMemory(asked, data, choice.device, shardsFor(choice.device, asked, model, threads));
  const config = { ...asked, train: memory.train };
  if (earlier !== undefined && (choice.device !== earlier.device || threads !== earlier.threads)) {
    say(
      `The run began on ${earlier.device} with ${earlier.threads} threads and goes on with ${choice.device} and ` +
        `${threads}: its numbers will not be the same bits as those of an uninterrupted run.`,
    );
  }
  const known = {
    versions: {
      'ssm-studio': request.version,
      node: process.versions.node,
      onnxruntime: await runtimeVersion(),
    },
    config_hash: configHash(asked),
    steps: config.train.steps,
  };
  const folder =
    earlier === undefined
      ? RunWriter.create(
          request.runDir,
          {
            ...known,
            device: choice.device,
            threads,
            data_hash: data.hash,
            parameters: model.parameterCount,
            task: model.task.type,
            config: request.configPath,
          },
          request.configText,
          request.disk?.run,
        )
      : RunWriter.reopen(request.runDir, request.configText, request.disk?.run);
  let run: TrainingRun | undefined;
  let server: RunServer | undefined;
  let begun = false;
  try {
    if (earlier !== undefined) folder.update(known);
    const engine = await openEngine(choice.device, { config, model, threads });
    run = new TrainingRun({ request, config, data, model, engine, folder });
    say(
      `${folder.info.parameters.toLocaleString('en-GB')} parameters on ${choice.device} (${choice.reason}), ` +
        `${threads} ${threads === 1 ? 'thread' : 'threads'}, ${engine.nodes} graph nodes, ${memory.shown}.`,
    );
    await run.restore();
    server = await RunServer.start(run);
    run.attach(server);
    const { path, token } = server.endpoint;
    folder.update({ device: choice.device, threads, endpoint: { path, token } });
    begun = true;
    const result = await run.train();
    folder.close(result.status);
    return result;
  } catch (error) {
    const shown = explainMemory(run === undefined ? error : await run.explain(error), config, choice.device);
    try {
      // A finished run that cannot even be opened here has not failed.
      if (earlier !== undefined && !begun) folder.abandon();
      else folder.close('failed', shown instanceof Error ? shown.message : String(shown));
    } catch {
      // The disk may be the very reason; the message still reaches the terminal.
    }
    throw shown;
  } finally {
    await server?.close();
    await run?.release();
  }
}
