/** @file A checkpoint's summary as a config with its facts in comments. */
import { basename } from 'node:path';
import type { Plain } from '../config/node';
import { stringifyConfig } from '../config/stringify';
import type { CheckpointSummary } from '../runtime/checkpoint';

/** Names listed before the rest is counted. */
const LISTED = 20;

const count = (value: number): string => value.toLocaleString('en-US');

function size(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

function listed(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > LISTED ? [`  … and ${names.length - LISTED} more`] : [];
  return [`${title}:`, ...names.slice(0, LISTED).map((name) => `  ${name}`), ...more];
}

/** Text of a `*.ssm.yaml`: the model as the checkpoint's own config describes it. */
export function summaryText(summary: CheckpointSummary): string {
  const { dtypes, layers, tokenizer, state_bytes, active_parameters } = summary;
  const facts = [
    `${basename(summary.path)}: ${summary.family}`,
    `${count(summary.parameters)} parameters in ${Object.entries(layers)
      .map(([mixer, times]) => `${times} × ${mixer}`)
      .join(
        ', ',
      )}${active_parameters === undefined ? '' : `, of which a token meets ${count(active_parameters)}`}`,
    `${summary.files.join(', ')}: ${size(summary.bytes)} (${Object.entries(dtypes)
      .map(([dtype, numbers]) => `${dtype} ${count(numbers)}`)
      .join(', ')})`,
    `Head: ${summary.tied ? 'the embedding (tied)' : 'a matrix of its own'}`,
    state_bytes === undefined
      ? 'It cannot generate token by token.'
      : `State per sequence: ${size(state_bytes)}`,
    tokenizer === undefined
      ? 'Tokenizer: none in the folder'
      : `Tokenizer: ${tokenizer.problem ?? `${basename(tokenizer.path)}, ${count(tokenizer.tokens!)} tokens`}`,
    ...(summary.note === undefined ? [] : [summary.note]),
    ...listed('It cannot be loaded', summary.problems),
    ...listed('Tensors that nothing is made of', summary.unknown),
  ];
  const { model } = summary;
  const config = { task: { type: 'language-model' }, model: JSON.parse(JSON.stringify(model)) as Plain };
  return stringifyConfig(config, facts.join('\n '));
}
