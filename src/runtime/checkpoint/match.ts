/** @file A found checkpoint as a model: which tensors each parameter is made of, what is missing, what is left over. */
import * as z from 'zod';
import { elementsOf, type StoredTensor } from '../../formats/tensor-file';
import {
  buildModel,
  fromConfig,
  fromGguf,
  fromParams,
  isHybrid,
  nameFromHuggingFace,
  type ForeignModel,
  type Model,
  type ModelSpec,
} from '../../models';
import type { FoundCheckpoint } from './find';

export const OWN_KEY = 'ssm_studio';

const ownSchema = z.looseObject({
  [OWN_KEY]: z.looseObject({
    model: z.looseObject({ d_model: z.int().positive(), layers: z.array(z.looseObject({})) }),
    task: z.looseObject({ type: z.string() }),
    data: z.looseObject({ length: z.int().positive(), input: z.looseObject({}), target: z.looseObject({}) }),
  }),
});

/** Sequence length assumed for a model that comes without data. */
const UNKNOWN_LENGTH = 1024;

/** With as many, nothing fits; a hostile config could ask for millions of tensors. */
const MANY_PROBLEMS = 1000;

/** What a checkpoint says that it is. */
export interface Described extends Pick<ForeignModel, 'pieces' | 'ignored' | 'end'> {
  readonly family: string;
  readonly spec: ModelSpec;
  /** What is taken otherwise than the config says, as a sentence. */
  readonly note?: string;
}

/** @throws Error saying which key is wrong */
export function describe(found: FoundCheckpoint): Described {
  return believed(said(found), found.tensors);
}

/** A head in the file that is not the embedding counts, although the config says that they are one. */
function believed(described: Described, tensors: FoundCheckpoint['tensors']): Described {
  const { model } = described.spec;
  if (!model.tie_embeddings) return described;
  const [embedding, head] = ['backbone.embedding.weight', 'lm_head.weight'].map((name) => {
    const [piece, ...more] = described.pieces(name);
    const theirs = more.length === 0 ? piece?.names.find((each) => tensors.has(each)) : undefined;
    return theirs === undefined ? undefined : tensors.get(theirs);
  });
  if (!embedding || !head || !differs(embedding, head)) return described;
  const spec = { ...described.spec, model: { ...model, tie_embeddings: false } };
  return {
    ...described,
    spec,
    note: 'The config says that the head is the embedding, but the file has another head; that one is taken.',
  };
}

/** Places that are looked at, and numbers at each: enough to tell two matrices apart without reading them. */
const [PLACES, NUMBERS] = [16, 256];

function differs(a: StoredTensor, b: StoredTensor): boolean {
  const size = elementsOf(a.shape);
  if (size !== elementsOf(b.shape) || a.dtype !== b.dtype || !a.readPart || !b.readPart) return false;
  const count = Math.min(NUMBERS, size);
  const [first, second] = [new Float32Array(count), new Float32Array(count)];
  for (let place = 0; place < PLACES; place++) {
    const from = Math.floor(((size - count) * place) / (PLACES - 1));
    a.readPart(from, first);
    b.readPart(from, second);
    if (first.some((value, i) => value !== second[i])) return true;
  }
  return false;
}

function said({ config, gguf, tensors }: FoundCheckpoint): Described {
  if (gguf)
    return foreign(fromGguf(gguf.keys, new Map([...tensors].map(([name, { shape }]) => [name, shape]))));
  if (config!.file === 'params.json') return foreign(fromParams(config!.value));
  const own = ownSchema.safeParse(config!.value);
  if (!own.success) return foreign(fromConfig(config!.value));
  const common = { family: 'SSM Studio', spec: own.data[OWN_KEY] as unknown as ModelSpec };
  if (isHybrid(own.data['model_type'])) {
    const { pieces, ignored } = fromConfig(config!.value);
    return { ...common, pieces, ignored };
  }
  const theirs = new Map([...tensors.keys()].map((name) => [nameFromHuggingFace(name), name]));
  return {
    ...common,
    pieces: (name) => [{ names: [theirs.get(name) ?? name] }],
    ignored: () => false,
  };
}

const foreign = ({ family, model, vocab_size, ...rest }: ForeignModel): Described => ({
  family,
  spec: {
    model,
    task: { type: 'language-model' },
    data: { length: UNKNOWN_LENGTH, input: { kind: 'tokens', vocab_size }, target: { kind: 'next-token' } },
  },
  ...rest,
});

/** One parameter and where it comes from. */
export interface Match {
  readonly shape: readonly number[];
  readonly pieces: readonly {
    readonly name: string;
    readonly tensor: StoredTensor;
    readonly convert?: string;
    readonly swapped?: readonly [number, number];
    readonly shape?: readonly number[];
  }[];
}

export interface Matched {
  readonly model: Model;
  readonly matches: ReadonlyMap<string, Match>;
  /** Sentences about tensors that are missing or have another shape; the checkpoint cannot be loaded with any. */
  readonly problems: readonly string[];
  /** Tensors that nothing is made of. */
  readonly unknown: readonly string[];
}

const without1 = (shape: readonly number[]): string => shape.filter((extent) => extent !== 1).join();
const list = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Builds the model and finds its parameters among the tensors; reads no tensor. @throws ModelError */
export function match(
  found: FoundCheckpoint,
  described: Described,
  spec: ModelSpec = described.spec,
): Matched {
  const model = buildModel(spec);
  const used = new Set<string>();
  const problems: string[] = [];
  const matches = new Map<string, Match>();
  for (const [name, { shape }] of model.parameters) {
    if (problems.length > MANY_PROBLEMS) break;
    const pieces: Match['pieces'][number][] = [];
    for (const piece of described.pieces(name)) {
      const theirs = piece.names.find((candidate) => found.tensors.has(candidate));
      if (theirs === undefined) {
        problems.push(`the tensor ${piece.names[0]} is missing.`);
        continue;
      }
      used.add(theirs);
      const { names: _names, rows: _rows, ...how } = piece;
      pieces.push({ ...how, name: theirs, tensor: found.tensors.get(theirs)! });
    }
    const problem = shapeProblem(name, shape, pieces);
    if (problem !== undefined) problems.push(problem);
    matches.set(name, { shape, pieces });
  }
  const unknown = [...found.tensors.keys()].filter((name) => !used.has(name) && !described.ignored(name));
  return { model, matches, problems, unknown };
}

/** Axes of extent 1 do not count, and a norm's groups may be an axis of their own. */
function shapeProblem(name: string, shape: readonly number[], pieces: Match['pieces']): string | undefined {
  const [first] = pieces;
  if (!first) return undefined;
  const wrong = pieces.find((piece) => piece.shape && without1(piece.tensor.shape) !== without1(piece.shape));
  if (wrong) {
    return `the tensor ${wrong.name} has the shape ${list(wrong.tensor.shape)}, but the config asks for ${list(wrong.shape!)}.`;
  }
  if (first.shape) return undefined;
  const rows = pieces.reduce((total, { tensor }) => total + (tensor.shape[0] ?? 1), 0);
  const whole = pieces.length === 1 ? first.tensor.shape : [rows, ...first.tensor.shape.slice(1)];
  const widths = new Set(pieces.map(({ tensor }) => tensor.shape.slice(1).join()));
  const flat = shape.length === 1 && elementsOf(whole) === shape[0];
  if (widths.size === 1 && (without1(whole) === without1(shape) || flat)) return undefined;
  const names = pieces.map((piece) => piece.name).join(' and ');
  const is = pieces.map(({ tensor }) => list(tensor.shape)).join(' and ');
  return `the tensor ${names} has the shape ${is}, but the config asks for ${list(shape)} (${name}).`;
}
