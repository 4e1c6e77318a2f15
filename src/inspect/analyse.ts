/** @file All analyses under their names: what a layer offers, and computing what is asked for. */
import { importanceGroup } from './groups/importance';
import { rolloutGroup } from './groups/rollout';
import { hiddenAttentionGroup, implicitGroup, tilesGroup } from './groups/mixing';
import { filterGroup, gramianGroup } from './groups/filters';
import { memoryGroup, reachGroup, tokenStatisticsGroup } from './groups/memory';
import { attributionGroup, headScoresGroup, logitLensGroup, similarityGroup } from './groups/model';
import { representationGroup } from './groups/representation';
import type { Analysis, AnalysisOptions, Found, Trace } from './spec';

/** In the order in which they are listed. */
export const analyses: Readonly<Record<string, Analysis>> = {
  hidden_attention: hiddenAttentionGroup,
  attention_tiles: tilesGroup,
  implicit_attention: implicitGroup,
  lti_kernel: filterGroup,
  gramians: gramianGroup,
  memory: memoryGroup,
  receptive_field: reachGroup,
  token_statistics: tokenStatisticsGroup,
  token_importance: importanceGroup,
  representation: representationGroup,
  head_scores: headScoresGroup,
  rollout: rolloutGroup,
  logit_lens: logitLensGroup,
  attribution: attributionGroup,
  similarity: similarityGroup,
};

/** Names of every array, by its group. */
export const analysisNames = (): string[] =>
  Object.entries(analyses).flatMap(([group, { parts }]) => [group, ...parts]);

/** The groups that a layer offers. */
export const offered = (trace: Trace): string[] =>
  Object.keys(analyses).filter((name) => analyses[name]!.applies(trace));

/**
 * One analysis: a group with all its arrays, or one array.
 * @param name of a group or of an array
 * @returns undefined when there is none of that name for the layer
 * @throws RangeError when it would be too large, saying what to ask for instead
 */
export async function analyse(
  trace: Trace,
  name: string,
  options: AnalysisOptions = {},
): Promise<Found | undefined> {
  // The array of a name comes before the group of the same name.
  const owner = Object.values(analyses).find((group) => group.parts.includes(name) && group.applies(trace));
  const group = owner ?? analyses[name];
  if (!group?.applies(trace)) return undefined;
  const wanted = new Set(owner ? [name] : group.parts);
  const found = await group.compute(trace, wanted, options);
  if (!owner) return found;
  const own = found[name];
  return own && { [name]: own };
}
