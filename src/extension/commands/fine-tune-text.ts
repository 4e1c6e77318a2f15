/** @file A config that trains on from a checkpoint. Knows nothing of the editor. */
import { stringifyConfig } from '../../config/stringify';
import type { Plain } from '../../config/node';
import type { CheckpointSummary } from '../../runtime/checkpoint';

/** Tokens of one example; short, so that a first try is quick. */
const CONTEXT = 256;

/** Low-rank updates of the projections that all mixers have, on a text that is there: to be replaced by one's own. */
export function fineTuneText({ path, family, model, tokenizer }: CheckpointSummary): string {
  const { vocab_size } = model as { vocab_size?: number };
  const own = tokenizer !== undefined && tokenizer.problem === undefined;
  const plain = JSON.parse(JSON.stringify(model)) as Record<string, Plain>;
  const config = {
    data: {
      type: 'text',
      files: ['bundled:moby-dick.txt'],
      ...(own ? { tokenizer: tokenizer.path, ...(vocab_size === undefined ? {} : { vocab_size }) } : {}),
      context: CONTEXT,
    },
    model: { ...plain, lora: { rank: 8, alpha: 16, targets: ['in_proj', 'out_proj'] } },
    train: {
      from: path,
      steps: 200,
      batch_size: 4,
      optimizer: { lr: 1e-4 },
      schedule: { name: 'cosine', warmup: 20, min_lr: 1e-5 },
    },
    eval: { every: 50, examples: 32 },
  };
  const about = [
    `Trains on from ${path.split(/[\\/]/).at(-1)} (${family}).`,
    'Put your own text into data.files. Without model.lora every weight is trained.',
    ...(own
      ? []
      : [
          'The checkpoint has no tokenizer.json: name one in data.tokenizer, else the text is read as bytes.',
        ]),
  ];
  return stringifyConfig(config, about.join('\n '));
}
