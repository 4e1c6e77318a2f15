/** @file What the Playground panel knows: the model's facts, the branches, what is looked at, and what is running. */
import type { Alternative, Beginning, Facts, Kept, Token, WeightBits } from '../../src/protocol/playground';
import {
  playgroundStateSchema,
  type FromPlayground,
  type PlaygroundState,
  type ToPlayground,
} from '../../src/protocol/view-playground';
import type { Theme } from '../../src/figures/core/theme';
import { announce } from '../shared/announce';
import { FrameSource } from '../shared/hooks';
import { meanSurprise, ownTokens, restore, store, textOf, treeOf, without, type Branch } from './branches';
import { settingsOf } from './controls';
import { percentOf } from './numbers';

/** Milliseconds between two writings of the state while tokens come. */
const SAVE_MS = 500;

export const initialState = (target: string): PlaygroundState =>
  playgroundStateSchema.parse({ version: 1, target });

type View = Omit<PlaygroundState, 'branches'>;

export class PlaygroundModel extends FrameSource {
  state: View;
  theme!: Theme;
  name = '';
  isRun = false;
  facts: Facts | undefined;
  branches: readonly Branch[];
  /** Of the model as a whole, or of the last request. */
  failure: { readonly message: string; readonly whole: boolean } | undefined;
  /** What is wrong with the controls. */
  problem: string | undefined;
  newer: number | true | undefined;
  beginning: Beginning | undefined;
  kept: Kept | undefined;
  /** Tokens per second of the last request. */
  speed: number | undefined;
  /** Token that is pointed at. */
  hovered: number | undefined;
  /** Alternative that Enter takes; undefined for the likeliest other token. */
  private picked: number | undefined;
  private started = 0;
  private timer: number | undefined;

  constructor(
    restored: PlaygroundState,
    readonly send: (message: FromPlayground) => void,
    private readonly write: (state: PlaygroundState) => void,
  ) {
    super();
    const { branches, ...state } = restored;
    this.state = state;
    this.branches = restore(branches);
  }

  get branch(): Branch | undefined {
    return this.branches.find(({ id }) => id === this.state.branch) ?? this.branches.at(-1);
  }

  get running(): boolean {
    return this.state.running !== null;
  }

  /** The token that the numbers are about: the one pointed at, else the chosen one, else the last. */
  get position(): number | undefined {
    const count = this.branch?.tokens.length ?? 0;
    if (count === 0) return undefined;
    if (this.hovered !== undefined && this.hovered < count) return this.hovered;
    return this.selected;
  }

  get selected(): number | undefined {
    const count = this.branch?.tokens.length ?? 0;
    return count === 0 ? undefined : Math.min(this.state.position ?? count - 1, count - 1);
  }

  receive(message: ToPlayground): void {
    const { running } = this.state;
    switch (message.type) {
      case 'target':
        this.name = message.name;
        this.isRun = message.run;
        // The process that continued it is gone with the window that it belonged to.
        if (running && message.request !== running.request) this.end('stopped', undefined);
        break;
      case 'opened':
        this.facts = message.facts;
        this.state = { ...this.state, bits: message.facts.bits };
        this.save(true);
        this.failure = undefined;
        this.newer = undefined;
        break;
      case 'began':
        if (message.request === running?.request) this.begin(message.beginning);
        break;
      case 'tokens':
        if (message.request === running?.request) this.take(message.from, message.tokens);
        break;
      case 'finished':
        if (message.request !== running?.request) break;
        this.kept = message.result.kept;
        this.end(message.result.finish, message.result);
        break;
      case 'failed':
        this.failed(message.request, message.message);
        break;
      case 'newer':
        this.newer = message.step ?? true;
        break;
    }
    this.notify();
  }

  private failed(request: number | null, message: string): void {
    const { running } = this.state;
    if (request !== null && request !== running?.request) return;
    if (request === null) this.facts = undefined;
    this.failure = { message, whole: request === null };
    if (running) this.end('stopped', undefined);
    else this.save(true);
    announce(message, true);
  }

  private find(id: number): Branch | undefined {
    return this.branches.find((branch) => branch.id === id);
  }

  private change(id: number, patch: Partial<Branch>): void {
    this.branches = this.branches.map((branch) => (branch.id === id ? { ...branch, ...patch } : branch));
  }

  private begin(beginning: Beginning): void {
    const { running } = this.state;
    this.beginning = beginning;
    this.started = performance.now();
    const branch = this.find(running!.branch);
    if (!branch?.chosen || running!.from !== branch.at + 1) return;
    // Only the process knows what the chosen token adds to the text.
    const tokens = [...branch.tokens];
    tokens[branch.at] = { ...tokens[branch.at]!, text: beginning.text };
    this.change(branch.id, { tokens });
  }

  private take(from: number, tokens: readonly Token[]): void {
    const { branch: id, from: start } = this.state.running!;
    const branch = this.find(id);
    if (!branch) return;
    this.change(id, { tokens: [...branch.tokens.slice(0, start + from), ...tokens] });
    const seconds = (performance.now() - this.started) / 1000;
    if (seconds > 0.2) this.speed = (from + tokens.length) / seconds;
    this.save(false);
  }

  private end(
    finish: Branch['finish'],
    result: { readonly tokens: number; readonly seconds: number } | undefined,
  ): void {
    const { branch: id, from } = this.state.running!;
    const branch = this.find(id);
    if (branch) {
      const drawn = branch.tokens.length - from;
      this.change(id, {
        finish,
        drawn: branch.drawn + drawn,
        seconds: branch.seconds + (result?.seconds ?? 0),
      });
      if (result && result.seconds > 0 && result.tokens > 1)
        this.speed = (result.tokens - 1) / result.seconds;
      const mean = meanSurprise(branch.tokens.slice(from));
      const about = mean === undefined ? '' : `, ${mean.toFixed(2)} bits per token`;
      announce(`${drawn} tokens${about}: ${textOf(branch.tokens.slice(from)).slice(0, 300)}`, true);
    }
    this.state = { ...this.state, running: null };
    // A branch that nothing was drawn for says nothing.
    if (branch && branch.drawn === 0 && branch.tokens.length === from && !branch.chosen)
      this.branches = without(this.branches, id);
    this.save(true);
  }

  patch(patch: Partial<View>): void {
    this.state = { ...this.state, ...patch };
    if ('controls' in patch) this.problem = undefined;
    if ('position' in patch || 'branch' in patch) this.picked = undefined;
    this.save(true);
    this.notify();
  }

  /** Has the model opened again with weights of so many bits. */
  weights(bits: WeightBits): void {
    if (bits === this.facts?.bits) return;
    [this.facts, this.beginning, this.kept] = [undefined, undefined, undefined];
    if (this.running) this.end('stopped', undefined);
    this.patch({ bits });
    this.send({ type: 'weights', bits });
  }

  private save(now: boolean): void {
    if (now) {
      window.clearTimeout(this.timer);
      this.timer = undefined;
      this.write({ ...this.state, branches: store(this.branches) });
    } else this.timer ??= window.setTimeout(() => this.save(true), SAVE_MS);
  }

  /** A new text from the prompt. */
  generate(): void {
    const { prompt } = this.state;
    this.start({ prompt, parent: null, at: 0, chosen: false, tokens: [] });
  }

  /** More of the text that is shown. */
  goOn(): void {
    const { branch } = this;
    if (branch) this.start(branch, branch.id);
  }

  /** Another text from here: with one of the alternatives, or drawn again. */
  fork(position: number, alternative?: Alternative): void {
    const { branch } = this;
    const old = branch?.tokens[position];
    if (!branch || !old) return;
    if (alternative?.id === old.id) return;
    const rank = alternative && old.alternatives.findIndex(({ id }) => id === alternative.id) + 1;
    const chosen: Token[] = alternative
      ? [{ ...old, ...alternative, text: alternative.label, rank: Math.max(1, rank ?? 1) }]
      : [];
    if (!alternative) {
      const seed = Number(this.state.controls.seed);
      const next = String(Number.isInteger(seed) ? (seed + 1) % 2 ** 32 : 0);
      this.state = { ...this.state, controls: { ...this.state.controls, seed: next } };
    }
    this.start({
      prompt: branch.prompt,
      parent: branch.id,
      at: position,
      chosen: alternative !== undefined,
      tokens: [...branch.tokens.slice(0, position), ...chosen],
    });
    this.patch({ position });
  }

  private start(from: Pick<Branch, 'prompt' | 'parent' | 'at' | 'chosen' | 'tokens'>, known?: number): void {
    if (this.running) return;
    const read = settingsOf(this.state.controls);
    if ('problem' in read) {
      this.problem = read.problem;
      announce(read.problem, true);
      this.notify();
      return;
    }
    const { settings } = read;
    const { prompt, parent, at, chosen, tokens } = from;
    const id = known ?? Math.max(0, ...this.branches.map((branch) => branch.id)) + 1;
    if (known === undefined) {
      const fresh = { id, prompt, parent, at, chosen, tokens, settings, finish: null, drawn: 0, seconds: 0 };
      this.branches = [...this.branches, fresh];
    } else this.change(id, { settings, finish: null });
    const request = this.state.request + 1;
    this.failure = undefined;
    this.beginning = undefined;
    this.speed = undefined;
    this.hovered = undefined;
    this.started = performance.now();
    const path = tokens.map((token) => token.id);
    this.patch({
      branch: id,
      position: null,
      request,
      running: { request, branch: id, from: tokens.length },
    });
    this.send({ type: 'generate', request, prompt, path, settings });
  }

  stop(): void {
    if (this.running) this.send({ type: 'stop' });
  }

  /** Looks at a token for as long as it is pointed at. */
  point(position: number | undefined): void {
    if (this.hovered === position) return;
    this.hovered = position;
    this.picked = undefined;
    this.notify();
  }

  /** Moves the chosen token. */
  moveTo(position: number): void {
    const { branch } = this;
    const count = branch?.tokens.length ?? 0;
    if (!branch || count === 0) return;
    const at = Math.max(0, Math.min(count - 1, position));
    this.hovered = undefined;
    this.patch({ position: at });
    const { label, logprob, rank } = branch.tokens[at]!;
    announce(`Token ${at + 1}, ${label}, ${percentOf(logprob)}, rank ${rank}`, true);
  }

  /** Place of the alternative that Enter takes. */
  get choice(): number {
    const token = this.position === undefined ? undefined : this.branch?.tokens[this.position];
    if (!token) return -1;
    return this.picked ?? token.alternatives.findIndex(({ id }) => id !== token.id);
  }

  moveChoice(direction: number): void {
    const token = this.position === undefined ? undefined : this.branch?.tokens[this.position];
    const count = token?.alternatives.length ?? 0;
    if (!token || count === 0) return;
    const step = (from: number): number => (from + direction + count) % count;
    let next = step(this.choice);
    // The token that is in the text is no alternative to it.
    if (token.alternatives[next]!.id === token.id) next = step(next);
    this.picked = next;
    const { label, logprob } = token.alternatives[next]!;
    announce(`${label}, ${percentOf(logprob)}`, true);
    this.notify();
  }

  moveBranch(direction: number): void {
    const rows = treeOf(this.branches);
    const at = rows.findIndex(({ branch }) => branch === this.branch);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + direction))];
    if (next && next.branch !== this.branch) this.show(next.branch.id);
  }

  show(id: number): void {
    const branch = this.find(id);
    if (!branch) return;
    this.patch({ branch: id, position: branch.parent === null ? null : branch.at });
    const about = meanSurprise(ownTokens(branch));
    announce(
      `Branch ${id}, ${branch.tokens.length} tokens${about === undefined ? '' : `, ${about.toFixed(2)} bits per token`}`,
      true,
    );
  }

  remove(id: number): void {
    if (this.state.running?.branch === id) return;
    const shown = this.branch?.id === id;
    const parent = this.find(id)?.parent ?? null;
    this.branches = without(this.branches, id);
    this.patch(shown ? { branch: parent, position: null } : {});
  }

  /** Positions at which the user chose the token. */
  get chosen(): ReadonlySet<number> {
    const found = new Set<number>();
    let limit = Infinity;
    for (let branch = this.branch; branch;) {
      if (branch.chosen && branch.at < limit) found.add(branch.at);
      if (branch.parent === null) break;
      limit = Math.min(limit, branch.at);
      branch = this.find(branch.parent);
    }
    return found;
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.notify();
  }
}
