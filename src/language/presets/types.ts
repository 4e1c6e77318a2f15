/** @file What a preset is: a published model, by its sizes. */

export interface Source {
  readonly title: string;
  readonly year: number;
  readonly url: string;
}

export interface Published {
  readonly name: string;
  /** The lines of the `model` section, as a config writes them. */
  readonly model: readonly string[];
  /** In a few words: `24 × mamba, d_model 768`. */
  readonly sizes: string;
  /** All trained numbers, a shared embedding counted once. */
  readonly parameters: number;
  /** Rows of the embedding. */
  readonly vocab_size: number;
  readonly note: string;
  /** What the paper reports of it, in one sentence. */
  readonly results?: string;
  readonly paper: Source;
}
