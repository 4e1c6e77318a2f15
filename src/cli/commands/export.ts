/** @file `export`: a run or a checkpoint in the form that others read. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { MetricTable, RunReader } from '../../runs';
import { CONFIG_FILE, RUN_FILE } from '../../protocol/run';
import { writeFileWhole, writeWhole, type NewFile } from '../../util/whole-files';
import { UsageError } from '../errors';
import { positiveInteger } from '../options';
import { openTarget, type Target } from '../target';

const MODELS = ['safetensors', 'hf', 'pytorch', 'onnx'] as const;
const RUNS = ['csv', 'tensorboard', 'html'] as const;
type Format = (typeof MODELS)[number] | (typeof RUNS)[number];

interface Options {
  readonly format: Format;
  readonly out: string;
  readonly length?: number;
  readonly force?: boolean;
}

export function registerExport(program: Command): void {
  program
    .command('export')
    .description('Write a run or a checkpoint in a form that others read.')
    .argument('<run>', 'run folder; for models also a checkpoint folder or file')
    .addOption(
      new Option('--format <format>', 'what to write').choices([...MODELS, ...RUNS]).makeOptionMandatory(),
    )
    .requiredOption('--out <path>', 'file to write; folder for hf, pytorch, onnx and tensorboard')
    .option(
      '--length <n>',
      'tokens of the parallel ONNX model (default: that of the data, at most 512)',
      positiveInteger,
    )
    .option('--force', 'replace what is there')
    .action(run);
}

async function run(path: string, options: Options): Promise<void> {
  const out = resolve(options.out);
  if (existsSync(out) && options.force !== true)
    throw new UsageError(`${options.out} exists; --force replaces it.`);
  const written = (RUNS as readonly string[]).includes(options.format)
    ? await exportRun(path, options.format, out)
    : await exportModel(await openTarget(path, { data: 'none' }), options, out);
  for (const line of written) process.stdout.write(`${line}\n`);
}

async function exportModel(target: Target, { format, length }: Options, out: string): Promise<string[]> {
  const { model, parameters } = await merged(target);
  const { modelFiles } = await import('../../runtime/checkpoint');
  const files = modelFiles(model, parameters);
  const tensors = files.find(({ name }) => name.endsWith('.safetensors'))!;
  if (format === 'safetensors') {
    await writeFileWhole(out, tensors.parts);
    return [out];
  }
  if (format === 'hf') {
    const { toHuggingFace } = await import('../../models');
    const form = toHuggingFace(model);
    if ('reason' in form) {
      throw new UsageError(
        `Hugging Face's classes cannot be this model: ${form.reason}. Export safetensors or ONNX.`,
      );
    }
    await writeWhole(out, [...files, ...(await tokenizerOf(target))]);
    return [out];
  }
  if (format === 'pytorch') {
    const { pytorchScript } = await import('../../runtime/export/pytorch');
    const { safetensorsParts } = await import('../../formats/safetensors');
    let script: string;
    try {
      script = pytorchScript(model);
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
    const entries = [...model.parameters].map(
      ([name, { shape }]) => [name, { shape, data: parameters.get(name)! }] as const,
    );
    await writeWhole(out, [
      { name: 'model.safetensors', parts: safetensorsParts(entries) },
      { name: 'load.py', parts: [script] },
      ...(await tokenizerOf(target)),
    ]);
    return [join(out, 'load.py')];
  }
  const { onnxFiles } = await import('../../runtime/export/onnx');
  const found = await onnxFiles(model, parameters, length ?? Math.min(model.length, 512));
  await writeWhole(out, [
    { name: 'model.onnx', parts: [found.parallel] },
    ...(found.step ? [{ name: 'step.onnx', parts: [found.step] }] : []),
    ...(await tokenizerOf(target)),
  ]);
  if (!found.step) return [`${out}: model.onnx; no step.onnx: ${model.decodeProblem}`];
  return [
    `${out}: model.onnx and step.onnx agree within ${found.difference!.toExponential(1)} of the largest logit`,
  ];
}

/** The checkpoint's tokenizer, where it has one. */
async function tokenizerOf({ tokenizer }: Target): Promise<NewFile[]> {
  if (tokenizer === undefined) return [];
  const [{ tokenizerText }, { TOKENIZER_FILE }] = await Promise.all([
    import('../../tokenizers'),
    import('../../runtime/checkpoint'),
  ]);
  return [{ name: TOKENIZER_FILE, parts: [tokenizerText(tokenizer)] }];
}

/** Low-rank updates become part of the weights. */
async function merged({ model, parameters }: Target): Promise<Pick<Target, 'model' | 'parameters'>> {
  if (!model.config.lora) return { model, parameters };
  const { buildModel, mergeAdapters } = await import('../../models');
  const found = mergeAdapters(model.config, parameters);
  return {
    model: buildModel({ model: found.config, task: model.task, data: model.data }),
    parameters: found.parameters,
  };
}

async function exportRun(path: string, format: Format, out: string): Promise<string[]> {
  const folder = resolve(path);
  if (!existsSync(join(folder, RUN_FILE)))
    throw new UsageError(`${path} is no run folder, and ${format} shows a run.`);
  const { RunReader: Reader } = await import('../../runs');
  const reader = new Reader(folder);
  await reader.poll();
  if (format === 'csv') {
    await writeFileWhole(out, [csv(reader)]);
    return [out];
  }
  if (format === 'html') {
    const { htmlReport } = await import('../../runtime/export/report');
    const config = await readFile(join(folder, CONFIG_FILE), 'utf8');
    await writeFileWhole(out, [htmlReport(reader, config)]);
    return [out];
  }
  const { eventFile } = await import('../../formats/tfevents');
  const scalars = [...reader.tables].flatMap(([name, table]) => scalarsOf(reader, name, table));
  const seconds = Math.floor(Date.parse(reader.info.started) / 1000);
  const name = `events.out.tfevents.${seconds}.ssm-studio`;
  await writeWhole(out, [{ name, parts: eventFile(scalars.sort((a, b) => a.step - b.step)) }]);
  return [join(out, name)];
}

const SECONDS = 'seconds';

function scalarsOf({ info }: RunReader, name: string, table: MetricTable) {
  const start = Date.parse(info.started) / 1000;
  const steps = table.column('step')!;
  const seconds = table.column(SECONDS);
  return table.names
    .filter((column) => column !== 'step' && column !== SECONDS)
    .flatMap((column) =>
      [...table.column(column)!].flatMap((value, row) =>
        Number.isFinite(value)
          ? [{ tag: `${name}/${column}`, step: steps[row]!, value, time: start + (seconds?.[row] || 0) }]
          : [],
      ),
    );
}

/** One line per step and table; the columns of all tables. */
function csv({ tables }: RunReader): string {
  const names = [...new Set([...tables.values()].flatMap((table) => table.names))].filter(
    (name) => name !== 'step',
  );
  const lines = [...tables].flatMap(([name, table]) =>
    Array.from({ length: table.length }, (_, row) => {
      const values = table.row(row)!;
      const cells = names.map((column) =>
        Number.isNaN(values[column] ?? Number.NaN) ? '' : String(values[column]),
      );
      return { step: values['step']!, line: [values['step'], name, ...cells].join(',') };
    }),
  );
  const sorted = lines.sort((a, b) => a.step - b.step).map(({ line }) => line);
  return `${['step', 'rows', ...names].join(',')}\n${sorted.join('\n')}\n`;
}
