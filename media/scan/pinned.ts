/** @file What stands beside the chosen matrix: pinned here, or a run or checkpoint that the host was asked for. */
import { matricesOf, type LayerMatrices } from '../../src/figures/scan/attention/data';
import type { Pick } from '../../src/figures/scan/figure';
import type { Survey } from '../../src/protocol/view-scan';
import { announce } from '../shared/announce';
import type { ScanModel } from './model';

export class Pinned {
  survey: Survey | undefined;
  private own: readonly LayerMatrices[] | undefined;
  /** Why the run or checkpoint cannot stand beside this one. */
  failure: string | undefined;
  private asked = '';
  private waiting: number | undefined;

  constructor(private readonly model: ScanModel) {}

  get busy(): boolean {
    return this.waiting !== undefined;
  }

  /** Matrices to compare with; undefined while they are being computed. */
  get matrices(): readonly LayerMatrices[] | undefined {
    return this.model.state.pin?.target === null ? this.model.matrices : this.own;
  }

  /** Keeps the chosen matrix beside what is chosen next, or lets it go. */
  toggle(): void {
    const { model } = this;
    const { pin, matrix } = model.state;
    if (model.matrices.length === 0) return;
    const { layer } = model;
    this.clear();
    model.patch({
      pin: pin ? null : { target: null, name: model.name, layer, matrix, follows: false },
    });
    announce(pin ? 'Nothing is pinned.' : `Layer ${layer} is pinned; choose a matrix to compare.`, true);
  }

  /** Shows a run or checkpoint beside this one. */
  show({ target, name }: { readonly target: string; readonly name: string }): void {
    this.clear();
    const { layer } = this.model;
    const { matrix } = this.model.state;
    this.model.patch({
      view: 'attention',
      table: null,
      pin: { target, name, layer, matrix, follows: true },
    });
  }

  choose({ layer, matrix, position, source }: Pick): void {
    const { model } = this;
    const { pin } = model.state;
    if (!pin) return;
    const follows = pin.follows && matrix === undefined;
    model.patch({
      pin: { ...pin, layer: layer ?? pin.layer, matrix: matrix === undefined ? pin.matrix : matrix, follows },
      ...(position === undefined ? {} : { position }),
      ...(source === undefined ? {} : { source }),
    });
  }

  /** Asks for the survey on the same input. */
  want(): void {
    const { pin } = this.model.state;
    if (!pin || pin.target === null) return;
    const input = this.model.sameInput();
    const key = JSON.stringify([pin.target, input]);
    if (this.asked === key) return;
    this.clear();
    this.asked = key;
    this.waiting = this.model.requests.other;
    this.model.send({ type: 'survey', request: this.waiting, target: pin.target, ...input });
  }

  /** Whether the answer was ours. */
  take({ request, survey }: { readonly request: number; readonly survey: Survey }): boolean {
    if (request !== this.waiting) return false;
    this.waiting = undefined;
    const { length } = this.model;
    if (survey.tokens.length !== length) {
      this.failure = `It reads ${survey.tokens.length} tokens, not ${length}.`;
      return true;
    }
    this.survey = survey;
    this.own = matricesOf(survey);
    if (this.own.length === 0) this.failure = 'None of its layers mixes tokens.';
    return true;
  }

  /** Whether the failure was ours. */
  failed({ request, message }: { readonly request: number; readonly message: string }): boolean {
    if (request !== this.waiting) return false;
    this.waiting = undefined;
    this.failure = message;
    return true;
  }

  /** Gives up the answer. */
  cancel(): void {
    if (this.waiting === undefined) return;
    this.waiting = undefined;
    this.failure = 'Cancelled.';
  }

  /** What failed is asked for again with the next `want`. */
  again(): void {
    if (this.failure !== undefined) this.clear();
  }

  private clear(): void {
    this.survey = undefined;
    this.own = undefined;
    this.failure = undefined;
    this.asked = '';
    this.waiting = undefined;
  }
}
