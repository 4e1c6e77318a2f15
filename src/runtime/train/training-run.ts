/** @file A run while it computes: the parts that the loop asks for, and the answers that the socket gives. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import writeFileAtomic from 'write-file-atomic';
import type { Dataset } from '../../data/define';
import type { Model } from '../../models';
import type { RunConfig } from '../../models/config';
import { stepsOf } from '../../models/types';
import { float32Of } from '../../formats/safetensors';
import { stringifyRow } from '../../protocol/run';
import type { RunWriter } from '../../runs';
import {
  CheckpointStore,
  modelFiles,
  TOKENIZER_FILE,
  openModelFolder,
  type LoadedCheckpoint,
} from '../checkpoint';
import type { TrainingEngine } from '../engine/types';
import type { CheckpointReply, LiveStatus, ProbeReply } from '../process/protocol';
import type { RunServer, ServedRun } from '../process/server';
import { flopsPerStep, tokensPerStep } from './engine';
import { Evaluator, type Evaluation } from './evaluate';
import { boundBatch } from './memory';
import { INITIAL_LOSS_SCALE } from './loss-scale';
import { rateChange } from './resume';
import { startingWeights } from './start';
import { explainNonFinite } from './failure';
import { trainingLoop, type Totals } from './loop';
import { brokenTensor, NonFiniteState } from './nonfinite';
import { Prober } from './prober';
import type { TrainRequest, TrainResult } from './run';
import { Throughput } from './throughput';

export interface TrainingRunParts {
  readonly request: TrainRequest;
  readonly config: RunConfig;
  readonly data: Dataset;
  readonly model: Model;
  readonly engine: TrainingEngine;
  readonly folder: RunWriter;
}

/** Test examples at the end of a run; generated data have as many as one likes. */
const TEST_EXAMPLES = 1000;
/** Milliseconds between status messages to attached clients. */
const STATUS_MS = 500;

export class TrainingRun implements ServedRun {
  readonly #parts: TrainingRunParts;
  readonly #totals: Totals = { step: 0, skipped: 0, tokens: 0, flops: 0, seconds: 0 };
  readonly #store: CheckpointStore;
  readonly #throughput = new Throughput();
  #evaluator: Evaluator | undefined;
  #evaluations: Evaluation[] = [];
  #evaluated: LiveStatus['evaluation'];
  #loss: number | undefined;
  #lastCheckpoint: string | undefined;
  #save: (() => Promise<string>) | undefined;
  #server: RunServer | undefined;
  #announced = 0;
  #placementTold = false;
  #prober: Prober | undefined;

  constructor(parts: TrainingRunParts) {
    this.#parts = parts;
    if (parts.config.train.precision === 'fp16') this.#totals.lossScale = INITIAL_LOSS_SCALE;
    this.#store = new CheckpointStore(
      parts.folder.dir,
      parts.config.train.keep,
      parts.request.disk?.checkpoints,
    );
    const { request, config, model, data, engine, folder } = parts;
    // Pairs of documents cannot be looked into.
    if (!request.frames || stepsOf(model.data) < model.length) return;
    const { threads } = engine;
    const frames = request.frames({ model, data, example: 0, threads });
    this.#prober = new Prober({
      dir: folder.dir,
      every: config.train.probe_every,
      steps: config.train.steps,
      look: async () => frames.take((await engine.read()).parameters),
      release: () => frames.release(),
      onMessage: (text) => request.onMessage?.(text),
    });
  }

  get id(): string {
    return this.#parts.folder.info.id;
  }

  attach(server: RunServer): void {
    this.#server = server;
  }

  status(): LiveStatus {
    const { config, request } = this.#parts;
    const { stopping, paused } = request.control;
    const { steps } = config.train;
    const stepsPerSecond = this.#throughput.stepsPerSecond;
    const secondsLeft = this.#throughput.secondsLeft(steps);
    return {
      id: this.id,
      step: this.#totals.step,
      steps,
      state: stopping ? 'stopping' : paused ? 'paused' : this.#save === undefined ? 'preparing' : 'running',
      ...(this.#loss === undefined ? {} : { loss: this.#loss }),
      ...(stepsPerSecond === undefined ? {} : { stepsPerSecond }),
      ...(secondsLeft === undefined ? {} : { secondsLeft }),
      ...(this.#evaluated === undefined ? {} : { evaluation: this.#evaluated }),
    };
  }

  stop(): void {
    this.#parts.request.control.stop();
  }
  pause(): void {
    this.#parts.request.control.pause();
  }
  resume(): void {
    this.#parts.request.control.resume();
  }

  checkpoint(): Promise<CheckpointReply> {
    return this.#parts.request.control.betweenSteps(async () => {
      if (this.#save === undefined) throw new Error('The run has not begun yet.');
      const path = await this.#save();
      return { step: this.#totals.step, path };
    });
  }

  probe(asked: { layer: number; example: number }): Promise<ProbeReply> {
    const { request, model, data, engine, folder } = this.#parts;
    return request.control.betweenSteps(async () => {
      const { parameters } = await engine.read();
      const found = await request.inspect({ model, parameters, data, threads: engine.threads, ...asked });
      const path = `probes/step-${this.#totals.step}-layer-${asked.layer}-example-${asked.example}.json`;
      await mkdir(join(folder.dir, 'probes'), { recursive: true });
      const text = JSON.stringify({ ...found, step: this.#totals.step }, (_key, value: unknown) => {
        if (value instanceof Float32Array) return Array.from(value);
        return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
      });
      await writeFileAtomic(join(folder.dir, path), text);
      return { path };
    });
  }

  /** Initial values, or the newest whole checkpoint of a run that is continued. */
  async restore(): Promise<void> {
    const { request, config, model, engine } = this.#parts;
    const loaded =
      request.resume === undefined
        ? undefined
        : await this.#store.latest((error) => request.onMessage?.(`${error.message} Trying the one before.`));
    if (loaded === undefined) {
      const start = model.initialise(config.seed);
      const { from } = config.train;
      if (from !== undefined) {
        const path = resolve(request.baseDir, from);
        for (const [name, values] of await startingWeights(path, model)) start.set(name, values);
        request.onMessage?.(`Starting from the weights of ${path}.`);
      }
      await engine.write({ parameters: start });
    } else {
      await this.#load(loaded);
    }
    if (request.resume !== undefined) {
      const { step } = this.#totals;
      const from = loaded === undefined ? 'the beginning: there is no checkpoint' : `step ${step}`;
      request.onMessage?.(`Continuing from ${from}.`);
      await this.#row({ step, event: 'resume', from: step });
      const change = rateChange(request.resume, config, step);
      if (change) await this.#row({ step, event: 'lr', ...change });
    }
  }

  async #load({ path, state, optimizer }: LoadedCheckpoint): Promise<void> {
    const { model, engine } = this.#parts;
    const { parameters } = await openModelFolder(path, () => ({
      model: model.config,
      task: model.task,
      data: model.data,
    }));
    const saved = (kind: string): Map<string, Float32Array> =>
      new Map(
        trainedOf(model).map(([name]) => {
          const tensor = optimizer.get(`${kind}.${name}`);
          if (tensor === undefined) throw new Error(`The checkpoint ${path} has no ${kind} of ${name}.`);
          return [name, float32Of(tensor)];
        }),
      );
    const states = new Map(engine.states.map((kind) => [kind, saved(kind)]));
    await engine.write({ parameters, states });
    const { step, skipped, tokens, flops, seconds, loss_scale: lossScale } = state;
    Object.assign(this.#totals, { step, skipped, tokens, flops, seconds, ...(lossScale && { lossScale }) });
    this.#lastCheckpoint = path;
  }

  async train(): Promise<TrainResult> {
    const { request, config, data, model, engine, folder } = this.#parts;
    this.#throughput.mark(performance.now(), this.#totals.step);
    try {
      const status = await trainingLoop(config, this.#totals, {
        engine,
        control: request.control,
        batch: (index) => data.trainBatch(index, config.train.batch_size),
        tokensPerStep: tokensPerStep(config, model),
        flopsPerStep: flopsPerStep(config, model),
        evaluate: (last) => this.#evaluate(last),
        checkpoint: (totals, evaluation) => this.#write(totals, evaluation),
        row: (row) => this.#row(row),
        now: () => performance.now(),
        // Kilobytes on every system.
        memory: () => ({ now: process.memoryUsage.rss(), peak: 1024 * process.resourceUsage().maxRSS }),
        onSaveRequest: (save) => (this.#save = save),
      });
      await this.#row({ step: this.#totals.step, event: status === 'finished' ? 'finish' : 'stop' });
      const { step, seconds } = this.#totals;
      return { status, runDir: folder.dir, step, seconds, evaluations: this.#evaluations };
    } finally {
      request.control.close('The run has ended.');
    }
  }

  /** Turns the loop's error into what a person can act on. */
  async explain(error: unknown): Promise<unknown> {
    const { config, data, model, engine, folder } = this.#parts;
    return explainNonFinite(error, {
      ...{ config, data, model, engine, dir: folder.dir },
      lastCheckpoint: () => this.#lastCheckpoint,
      save: async () => this.#save?.(),
      row: (row) => this.#row(row),
    });
  }

  async release(): Promise<void> {
    await this.#evaluator?.release();
    await this.#prober?.release();
    await this.#parts.engine.release();
  }

  async #evaluate(last: boolean): Promise<readonly Evaluation[]> {
    const { config, data, model, engine } = this.#parts;
    const { device, threads } = engine;
    const wanted = Math.min(config.train.batch_size, config.eval.examples);
    const batchSize =
      this.#evaluator?.batchSize ?? (device === 'webgpu' ? boundBatch(model, wanted) : wanted);
    this.#evaluator ??= await Evaluator.open(model, model.length, batchSize, {
      device,
      threads,
      activations: true,
    });
    const run = (split: 'validation' | 'test', examples: number): Promise<Evaluation> =>
      this.#evaluator!.run(data, split, examples, engine.parameterFeeds());
    const validation = await run('validation', config.eval.examples);
    this.#evaluated = { step: this.#totals.step, loss: validation.loss, ...accuracyOf(validation) };
    // The test split is looked at once, when all is decided.
    const test =
      last && data.count('test') > 0
        ? [await run('test', Math.max(TEST_EXAMPLES, config.eval.examples))]
        : [];
    this.#evaluations = [validation, ...test];
    return this.#evaluations;
  }

  async #write(totals: Readonly<Totals>, evaluation: Evaluation | undefined): Promise<string> {
    const { config, data, model, engine, folder } = this.#parts;
    const { parameters, states } = await engine.read();
    const optimizer = [...states].flatMap(([kind, values]) =>
      trainedOf(model).map(
        ([name, { shape }]) => [`${kind}.${name}`, { shape, data: values.get(name)! }] as const,
      ),
    );
    const broken = brokenTensor([
      ...parameters,
      ...optimizer.map(([name, { data: values }]) => [name, values] as const),
    ]);
    if (broken !== undefined) throw new NonFiniteState(totals.step, broken);
    const { lossScale, ...counted } = totals;
    // No row may be younger than the state that it led to.
    folder.sync();
    const path = await this.#store.write({
      model: [
        ...modelFiles(model, parameters),
        ...(data.tokenizer ? [{ name: TOKENIZER_FILE, parts: [data.tokenizer] }] : []),
      ],
      optimizer,
      state: {
        ...counted,
        ...(lossScale && { loss_scale: lossScale }),
        cursor: totals.step * config.train.accumulate,
        generator: { seed: config.seed },
        config_hash: folder.info.config_hash,
        data_hash: folder.info.data_hash,
        device: engine.device,
        threads: engine.threads,
        ...(evaluation === undefined
          ? {}
          : { evaluation: { loss: evaluation.loss, ...accuracyOf(evaluation) } }),
        parameters: [...model.parameters.keys()],
      },
    });
    this.#lastCheckpoint = join(folder.dir, path);
    return path;
  }

  async #row(row: Readonly<Record<string, unknown>> & { readonly step: number }): Promise<void> {
    const { folder, request } = this.#parts;
    folder.row(row);
    folder.heartbeat();
    if (typeof row['loss'] === 'number' && !('event' in row)) this.#loss = row['loss'];
    if (row['event'] === 'continue') this.#throughput.reset();
    this.#tellPlacement();
    const now = performance.now();
    this.#throughput.mark(now, row.step);
    // As it stands in the file: numbers that are not finite are strings there.
    this.#server?.row(JSON.parse(stringifyRow(row)));
    request.onRow?.(row);
    if (now - this.#announced >= STATUS_MS || 'event' in row) {
      this.#announced = now;
      this.#server?.announce();
      request.onStatus?.(this.status());
    }
    if (typeof row['loss'] === 'number' && !('event' in row))
      await this.#prober?.after(row.step, row['loss']);
  }

  /** Says once what a device graph left to the CPU: every such node costs two copies per step. */
  #tellPlacement(): void {
    const left = this.#placementTold ? undefined : this.#parts.engine.fallbacks();
    if (left === undefined) return;
    this.#placementTold = true;
    if (left.length > 0) this.#parts.request.onMessage?.(`Left to the CPU: ${left.join(', ')}.`);
  }
}

/** What the optimiser has states of. */
const trainedOf = (model: Model) => [...model.parameters].filter(([, { frozen }]) => frozen !== true);

/** Only where answers are right or wrong. */
const accuracyOf = ({ accuracy }: Evaluation): { readonly accuracy?: number } =>
  accuracy === undefined ? {} : { accuracy };
