/** @file What a command is pointed at: a run folder, a checkpoint, or a config that was never trained. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { RunConfig } from '../models/config';
import type { Dataset } from '../data/define';
import type { Model, ModelSpec } from '../models';
import type { FewBits, QuantizedBits } from '../runtime/quantize';
import { CONFIG_FILE, RUN_FILE } from '../protocol/run';
import { readConfig } from './config';
import { UsageError } from './errors';
import { readsBytes } from './text';
import { bundledData } from './root';

export interface Target {
  readonly model: Model;
  readonly parameters: Map<string, Float32Array>;
  /** With `bits`: weights in few bits, which are not among the parameters. */
  readonly weights?: FewBits;
  /** Absent for a checkpoint that lies outside of any run. */
  readonly data?: Dataset;
  readonly config?: RunConfig;
  /** Of the checkpoint. */
  readonly step?: number;
  /** CPU threads of the run it belongs to: as many add up in the same order. */
  readonly threads?: number;
  /** Path of the checkpoint's tokenizer.json, where there is one. */
  readonly tokenizer?: string;
  /** Ids that end a text, as the checkpoint says. */
  readonly end?: readonly number[];
}

export interface TargetOptions {
  /** `data.KEY=VALUE` laid over the run's config. */
  readonly set?: readonly string[];
  /** Positions that the decoding caches of attention hold. */
  readonly cacheLength?: number;
  /**
   * What of a run's data is opened: all of it unless given; `labels` only where neither the checkpoint's tokenizer nor
   * bytes say what an id means, and then ids stand for themselves where it is gone; or nothing.
   */
  readonly data?: 'labels' | 'none';
  /** Bits of the large weights, which are reduced while they are read; 32 unless given. */
  readonly bits?: QuantizedBits | undefined;
  /** Whether an untrained config will do. */
  readonly configs?: boolean;
  /** Where notes go, for example that a damaged checkpoint was passed over. */
  onMessage?(text: string): void;
}

const isRun = (folder: string): boolean => existsSync(join(folder, RUN_FILE));

/** @throws UsageError when there is nothing of the kind at `path` */
export async function openTarget(path: string, options: TargetOptions = {}): Promise<Target> {
  const full = resolve(path);
  if (!existsSync(full)) throw new UsageError(`There is no ${path}.`);
  if (/\.(ya?ml|json)$/.test(full) && statSync(full).isFile()) {
    if (options.configs !== true) throw new UsageError(`${path} is a config; name a run or a checkpoint.`);
    return openConfig(full, options);
  }
  const { listCheckpoints, CheckpointStore } = await import('../runtime/checkpoint');
  if (isRun(full)) {
    const latest = await new CheckpointStore(full, 1).latest(
      (error) => options.onMessage?.(`${error.message} Trying the one before.`),
      { tidy: false },
    );
    if (latest === undefined) {
      const some = (await listCheckpoints(full)).length > 0;
      throw new Error(
        some
          ? `No checkpoint of the run in ${path} is whole.`
          : `The run in ${path} has no checkpoint yet; the first comes after 500 steps or 60 s, or when it stops.`,
      );
    }
    return openCheckpoint(latest.path, options, latest.state.step);
  }
  return openCheckpoint(full, options);
}

async function openConfig(path: string, options: TargetOptions): Promise<Target> {
  const { config } = await readConfig(path, options.set, { trains: false });
  const { openData, modelOf } = await import('../runtime/train');
  const data = await openData(config, context(path, config));
  const model = modelOf(config, data);
  return { model, data, config, parameters: model.initialise(config.seed) };
}

async function openCheckpoint(path: string, options: TargetOptions, step?: number): Promise<Target> {
  const open = await opener(path, options);
  const folder = path.endsWith('.safetensors') ? dirname(path) : path;
  const run = dirname(dirname(folder));
  const cache = options.cacheLength === undefined ? {} : { cacheLength: options.cacheLength };
  if (!isRun(run)) {
    if ((options.set ?? []).length > 0) {
      throw new UsageError(`--set changes the data of a run, but ${path} does not belong to one.`);
    }
    const opened = await open((spec) => ({ ...spec, ...cache }));
    if (opened.note !== undefined) options.onMessage?.(opened.note);
    return opened;
  }
  if (options.data !== undefined) {
    const opened = await open((spec) => ({ ...spec, ...cache }));
    const target = { ...opened, ...(step === undefined ? {} : { step }) };
    if (options.data === 'none' || opened.tokenizer !== undefined || readsBytes(opened.model)) return target;
    try {
      return { ...target, ...(await openRunData(run, options)) };
    } catch (error) {
      options.onMessage?.(
        `Tokens are shown as ids: ${error instanceof Error ? error.message : String(error)}`,
      );
      return target;
    }
  }
  const { config, data } = await openRunData(run, options);
  const opened = await open((spec) => ({ ...spec, ...cache, data: data.shape }));
  // A run whose record is damaged can be looked at all the same.
  const { readRunInfo } = await import('../runs');
  const threads = await readRunInfo(run).then(
    (info) => info.threads,
    () => undefined,
  );
  return {
    ...opened,
    data,
    config,
    ...(step === undefined ? {} : { step }),
    ...(threads === undefined ? {} : { threads }),
  };
}

/** Opens a checkpoint with its large weights in so many bits. */
async function opener(path: string, { bits, onMessage }: TargetOptions) {
  const { openModelFolder } = await import('../runtime/checkpoint');
  if (bits === undefined) return (adapt: (spec: ModelSpec) => ModelSpec) => openModelFolder(path, adapt);
  const { leftWhole, quantizer } = await import('../runtime/quantize');
  const { signedBytesExact } = await import('../runtime/signed-bytes');
  const signed = bits === 8 && (await signedBytesExact());
  return async (adapt: (spec: ModelSpec) => ModelSpec) => {
    let weights: FewBits = new Map();
    const opened = await openModelFolder(path, adapt, (model) => {
      const { take, weights: found } = quantizer(model, bits, signed);
      weights = found;
      return take;
    });
    const left = leftWhole(opened.model, bits);
    if (left !== undefined) onMessage?.(left);
    return { ...opened, weights };
  };
}

async function openRunData(
  run: string,
  { set }: TargetOptions,
): Promise<{ config: RunConfig; data: Dataset }> {
  const { openData } = await import('../runtime/train');
  const configPath = join(run, CONFIG_FILE);
  const { config } = await readConfig(configPath, set, { warnings: false, trains: false });
  return { config, data: await openData(config, context(configPath, config)) };
}

const context = (configPath: string, { seed }: RunConfig) => ({
  baseDir: dirname(configPath),
  bundledDir: bundledData(),
  seed,
});
