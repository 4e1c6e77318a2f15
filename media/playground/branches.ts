/**
 * @file Texts as branches: each knows its tokens from the prompt on, and which branch it left where. Tokens that two
 * branches share are the same objects.
 */
import type { Finish, Settings, Token } from '../../src/protocol/playground';
import type { StoredBranch } from '../../src/protocol/view-playground';

export interface Branch {
  readonly id: number;
  readonly prompt: string;
  readonly parent: number | null;
  /** Tokens that it has in common with its parent. */
  readonly at: number;
  /** Whether the token at `at` is the user's choice instead of the model's. */
  readonly chosen: boolean;
  /** From the prompt on. */
  readonly tokens: readonly Token[];
  readonly settings: Settings;
  readonly finish: Finish | null;
  /** Tokens drawn, and seconds that it took. */
  readonly drawn: number;
  readonly seconds: number;
}

/** Tokens whose alternatives are stored; older branches are left out of what survives a reload. */
const STORED_TOKENS = 4000;

/** What a branch adds to the branch that it left. */
export const ownTokens = (branch: Branch): readonly Token[] =>
  branch.parent === null ? branch.tokens : branch.tokens.slice(branch.at);

export interface Row {
  readonly branch: Branch;
  /** 0 for a branch that begins at the prompt. */
  readonly depth: number;
}

/** Branches in the order of a tree: each behind the one that it left, siblings oldest first. */
export function treeOf(branches: readonly Branch[]): Row[] {
  const known = new Set(branches.map(({ id }) => id));
  const rows: Row[] = [];
  const visit = (parent: number | null, depth: number): void => {
    for (const branch of branches) {
      const above = branch.parent !== null && known.has(branch.parent) ? branch.parent : null;
      if (above !== parent) continue;
      rows.push({ branch, depth });
      visit(branch.id, depth + 1);
    }
  };
  visit(null, 0);
  return rows;
}

/** Takes a branch away; those that left it now leave the one that it had left. */
export function without(branches: readonly Branch[], id: number): Branch[] {
  const gone = branches.find((branch) => branch.id === id);
  if (!gone) return [...branches];
  return branches
    .filter((branch) => branch !== gone)
    .map((branch) =>
      branch.parent === id
        ? { ...branch, parent: gone.parent, at: gone.parent === null ? 0 : Math.min(gone.at, branch.at) }
        : branch,
    );
}

/** Mean of −log₂ p over tokens, bits; undefined for none. */
export function meanSurprise(tokens: readonly Token[]): number | undefined {
  if (tokens.length === 0) return undefined;
  return tokens.reduce((sum, { logprob }) => sum - logprob, 0) / tokens.length / Math.LN2;
}

export const textOf = (tokens: readonly Token[]): string => tokens.map(({ text }) => text).join('');

/** What survives a reload: the newest branches, as many as there is room for. */
export function store(branches: readonly Branch[]): StoredBranch[] {
  let room = STORED_TOKENS;
  const kept: Branch[] = [];
  for (const branch of branches.toReversed()) {
    // A branch whose parent is left out keeps all of its tokens.
    room -= branch.tokens.length;
    if (room < 0 && kept.length > 0) break;
    kept.unshift(branch);
  }
  const known = new Set(kept.map(({ id }) => id));
  return kept.map((branch) => {
    const parent = branch.parent !== null && known.has(branch.parent) ? branch.parent : null;
    const whole = parent === null;
    return {
      ...branch,
      parent,
      at: whole ? 0 : branch.at,
      tokens: branch.tokens
        .slice(whole ? 0 : branch.at)
        .map(({ id, label, text, logprob, rank, entropy, alternatives }) => [
          id,
          label,
          text,
          round(logprob),
          rank,
          round(entropy),
          alternatives.map((other) => [other.id, other.label, round(other.logprob)]),
        ]),
    };
  });
}

const round = (value: number): number => Number(value.toPrecision(5));

/** Branches of an earlier page; one whose parent is missing is left out. */
export function restore(stored: readonly StoredBranch[]): Branch[] {
  const found = new Map<number, Branch>();
  for (const branch of stored) {
    const parent = branch.parent === null ? undefined : found.get(branch.parent);
    if (branch.parent !== null && (!parent || parent.tokens.length < branch.at)) continue;
    const own = branch.tokens.map(([id, label, text, logprob, rank, entropy, alternatives]): Token => ({
      id,
      label,
      text,
      logprob,
      rank,
      entropy,
      alternatives: alternatives.map(([other, sign, value]) => ({ id: other, label: sign, logprob: value })),
    }));
    const shared = parent ? parent.tokens.slice(0, branch.at) : [];
    found.set(branch.id, { ...branch, tokens: [...shared, ...own] });
  }
  return [...found.values()];
}
