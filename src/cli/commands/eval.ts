/** @file `eval`: a trained model on held-out data, also with other data options than it was trained on. */
import { Option, type Command } from 'commander';
import { UsageError } from '../errors';
import { bitsOption, dataSetting, positiveInteger, toJson } from '../options';
import type { Evaluation } from '../../runtime/train';
import { openTarget } from '../target';

/** Examples evaluated unless asked otherwise. */
const EXAMPLES = 1000;

interface EvalOptions {
  readonly set?: readonly string[];
  readonly split?: 'validation' | 'test';
  readonly examples?: number;
  readonly bits?: 4 | 8;
  readonly threads?: number;
  readonly json?: boolean;
}

export function registerEval(program: Command): void {
  program
    .command('eval')
    .description('Evaluate a run or a checkpoint on held-out data.')
    .argument('<run-or-checkpoint>', 'run folder, checkpoint folder or model.safetensors')
    .option('--set <data.key=value>', 'change the data, for example data.length=512', dataSetting)
    .addOption(
      new Option('--split <split>', 'held-out part (default: test where there is one)').choices([
        'validation',
        'test',
      ]),
    )
    .option('--examples <n>', `examples at most (default: ${EXAMPLES})`, positiveInteger)
    .option('--bits <n>', 'also with weights in 8 or 4 bits, and what that costs', bitsOption)
    .option('--threads <n>', 'threads (default: as the run has)', positiveInteger)
    .option('--json', 'print JSON')
    .action(runEval);
}

async function runEval(path: string, options: EvalOptions): Promise<void> {
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  const target = await openTarget(path, {
    ...(options.set === undefined ? {} : { set: options.set }),
    onMessage: note,
  });
  const { model, parameters, data, config } = target;
  if (data === undefined || config === undefined) {
    throw new UsageError(`${path} does not belong to a run, so there are no data to evaluate it on.`);
  }
  const { Evaluator, affordableBatch } = await import('../../runtime/train');
  const { defaultThreads } = await import('../../runtime/devices');
  const split = options.split ?? (data.count('test') > 0 ? 'test' : 'validation');
  const count = data.count(split);
  if (count === 0) throw new UsageError(`The data have no ${split} split.`);
  const examples = Math.min(count, options.examples ?? EXAMPLES);
  const batchSize = affordableBatch(model, Math.min(config.train.batch_size, examples));
  const threads = options.threads ?? target.threads ?? defaultThreads();
  const evaluator = await Evaluator.open(model, model.length, batchSize, { device: 'cpu', threads });
  try {
    const run = (values: ReadonlyMap<string, Float32Array>): Promise<Evaluation> =>
      evaluator.run(data, split, examples, Object.fromEntries(values));
    const whole = await run(parameters);
    let found: Evaluation = whole;
    if (options.bits !== undefined) {
      const { leftWhole, roundedParameters } = await import('../../runtime/quantize');
      const left = leftWhole(model, options.bits);
      if (left !== undefined) note(left);
      const rounded = await run(roundedParameters(model, parameters, options.bits));
      const perplexity_ratio = Math.exp(rounded.loss - whole.loss);
      found = { ...rounded, bits: options.bits, loss_32_bits: whole.loss, perplexity_ratio };
    }
    if (options.json === true) {
      process.stdout.write(`${toJson({ ...found, settings: config.data, step: target.step })}\n`);
      return;
    }
    const facts = Object.entries(found).map(
      ([name, value]) =>
        `${name.replaceAll('_', ' ')}: ${typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(5) : value}`,
    );
    process.stdout.write(`${facts.join('\n')}\n`);
  } finally {
    await evaluator.release();
  }
}
