/** @file A branch as Markdown, JSON and CSV. */
import { textOf, type Branch } from './branches';
import { settingsText } from './controls';
import type { PlaygroundModel } from './model';
import { surprise } from './numbers';

const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const rounded = (value: number): number => Number(value.toPrecision(6));

/** A fence that the text does not contain. */
function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  return '`'.repeat(longest + 1);
}

export function branchMarkdown({ name }: PlaygroundModel, branch: Branch): string {
  const text = branch.prompt + textOf(branch.tokens);
  const ticks = fence(text);
  return [
    `**${name.replace(/([\\*_[\]`<>])/g, '\\$1')}**, ${settingsText(branch.settings)}; ${branch.tokens.length} tokens after the prompt`,
    '',
    `${ticks}text`,
    text,
    ticks,
    '',
  ].join('\n');
}

export function branchJson({ name, facts, chosen }: PlaygroundModel, branch: Branch): string {
  return `${JSON.stringify(
    {
      model: name,
      ...(facts?.step === undefined ? {} : { step: facts.step }),
      settings: branch.settings,
      prompt: branch.prompt,
      text: textOf(branch.tokens),
      finish: branch.finish,
      tokens: branch.tokens.map(({ logprob, entropy, alternatives, ...token }, position) => ({
        ...token,
        ...(chosen.has(position) ? { chosen: true } : {}),
        logprob: rounded(logprob),
        entropy_bits: rounded(entropy),
        alternatives: alternatives.map((other) => ({ ...other, logprob: rounded(other.logprob) })),
      })),
    },
    null,
    2,
  )}\n`;
}

export function branchCsv({ tokens }: Branch): string {
  const rows = tokens.map(({ id, text, logprob, rank, entropy }, position) =>
    [
      position + 1,
      id,
      quote(text),
      rounded(Math.exp(logprob)),
      rounded(surprise(logprob)),
      rank,
      rounded(entropy),
    ].join(','),
  );
  return ['position,id,text,probability,surprise (bits),rank,entropy (bits)', ...rows, ''].join('\n');
}
