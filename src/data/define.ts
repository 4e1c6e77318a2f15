/** @file What a data set is: options, a cheap description for the editor, and batches that can be resumed. */
import type * as z from 'zod';
import { shorten } from '../util/shorten';

/** A wrong combination of options; `path` is relative to the `data` mapping. */
export interface DataProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly suggestion?: number | string | boolean;
  readonly severity?: 'error' | 'warning';
}

/** What a model must be built for. Known from the options alone, without reading the data. */
export type DataShape = {
  /** Time steps of one example. */
  readonly length: number;
  /** Tokens (int32 ids below `vocab_size`) or vectors (float32, `features` wide). */
  readonly input:
    /** `padding`: the id that fills up short examples, which pooling leaves out and no layer looks at. `documents`: the example is a pair, one
     * half of its steps each, read apart. */
    | {
        readonly kind: 'tokens';
        readonly vocab_size: number;
        readonly padding?: number;
        readonly documents?: 2;
      }
    | { readonly kind: 'vectors'; readonly features: number };
  /** What is predicted, and so the task taken when the config names none. */
  readonly target:
    | { readonly kind: 'next-token' }
    /** The last `positions` outputs answer, each a token id. */
    | { readonly kind: 'answer'; readonly positions: number }
    /** Any outputs answer: a token id per position, `IGNORED` where nothing is asked. */
    | { readonly kind: 'marked' }
    | { readonly kind: 'class'; readonly classes: number }
    /** The last `positions` outputs are numbers, `features` each. */
    | { readonly kind: 'values'; readonly positions: number; readonly features: number };
};

/** One batch, row-major. */
export interface Batch {
  /** (batch, time) ids or (batch, time, features) values. */
  readonly inputs: Int32Array | Float32Array;
  /**
   * next-token: (batch, time) ids, the token after each position; answer: (batch, positions) ids;
   * marked: (batch, time) ids or `IGNORED`; class: (batch) class indices; values: (batch, positions, features)
   * float32.
   */
  readonly targets: Int32Array | Float32Array;
  readonly size: number;
}

export type Split = 'train' | 'validation' | 'test';

/** An opened data set. Batches are pure functions of their arguments, so that a run can be resumed anywhere. */
export interface Dataset {
  readonly shape: DataShape;
  /** Hex digest of everything that decides the batches (options, file contents), without the seed. */
  readonly hash: string;
  /** The batch of training step `step` (from 0). */
  trainBatch(step: number, batchSize: number): Batch;
  /** The number of held-out examples; fixed by the seed for generated data. */
  count(split: 'validation' | 'test'): number;
  /** Held-out examples `start` … `start + size - 1` of the split. */
  heldOut(split: 'validation' | 'test', start: number, size: number): Batch;
  /** How an input token or a target id is shown in the views. */
  label(id: number): string;
  targetLabel(id: number): string;
  /** The tokenizer.json that made the ids, for whoever reads the model's outputs. */
  readonly tokenizer?: Uint8Array;
  /** Facts to print beside the metrics, for example the byte-unigram entropy of a text in bits. */
  readonly facts: Readonly<Record<string, number>>;
  readonly grid?: ImageGrid;
}

/** An image-like example's own layout, for the views. */
interface ImageGrid {
  /** Of tokens. */
  readonly rows: number;
  readonly columns: number;
  readonly pixels?: {
    readonly width: number;
    readonly height: number;
    /** Numbers a pixel. */
    readonly channels: number;
    /** Which number of the image (row by row, channels side by side) stands at each place of the inputs; in order unless given. */
    readonly places?: ArrayLike<number>;
  };
}

/** Where a data set may read from. */
export interface DataContext {
  /** Folder that relative paths and globs start from: the config's own. */
  readonly baseDir: string;
  /** Folder of the data files that ship with the product (`media/data`). */
  readonly bundledDir: string;
  readonly seed: number;
}

export interface DataDefinition<S extends z.ZodObject = z.ZodObject> {
  /** The value of `data:` or `data.type:`. */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** Markdown: layout of an example, source, what the paper reports. */
  readonly description: string;
  readonly options: S;
  check(options: z.output<S>): DataProblem[];
  shape(options: z.output<S>): DataShape;
  /**
   * Options that follow from a file that others name, and that are not written.
   * @param written options as they are in the config, unchecked
   * @param pathOf path on the disk of a file as the config names it
   */
  derive?(
    written: Readonly<Record<string, unknown>>,
    pathOf: (file: string) => string | undefined,
  ): Readonly<Record<string, number>>;
  /** @throws DataError when files are missing, empty or too short; the message says which and what to do. */
  open(options: z.output<S>, context: DataContext): Promise<Dataset>;
}

/** Something is wrong with the user's data. `path` points into the `data` mapping. */
export class DataError extends Error {
  constructor(
    message: string,
    readonly path: readonly (string | number)[] = [],
  ) {
    super(shorten(message));
    this.name = 'DataError';
  }
}

export function defineData<S extends z.ZodObject>(definition: DataDefinition<S>): DataDefinition<S> {
  return definition;
}
