/** @file Models of others: Hugging Face, the original checkpoints, GGUF. */
import { fromBamba } from './bamba';
import { fromFalconH1 } from './falcon-h1';
import { fromGranite } from './granite';
import { fromHuggingFace, HUGGING_FACE_MAMBAS } from './hugging-face';
import { fromJamba } from './jamba';
import { fromNemotronH } from './nemotron-h';
import { fromParams, fromStateSpaces, isStateSpaces } from './state-spaces';
import { fromZamba2 } from './zamba2';
import { ForeignModelError, type ForeignModel } from './types';

export { fromGguf } from './gguf';
export { fromHuggingFace } from './hugging-face';
export { nameFromHuggingFace, toHuggingFace, unusual, type WrittenPiece } from './to-hugging-face';
export { type ForeignModel } from './types';
export { fromParams };

const HYBRIDS: Readonly<Record<string, (config: unknown) => ForeignModel>> = {
  bamba: fromBamba,
  nemotron_h: fromNemotronH,
  zamba2: fromZamba2,
  falcon_h1: fromFalconH1,
  granitemoehybrid: fromGranite,
  jamba: fromJamba,
};

/** Hybrids with Mamba layers that cannot be expressed, and why. */
const UNREAD: ReadonlyMap<string, string> = new Map([
  ['zamba', 'its Mamba layers have several heads with an x_proj each, which no layer here has'],
]);

/** Whether a folder of our own holds a hybrid under its names at Hugging Face. */
export const isHybrid = (kind: unknown): boolean => typeof kind === 'string' && Object.hasOwn(HYBRIDS, kind);

/**
 * The model that a config.json of others describes.
 * @param config parsed with `parsePythonJson`
 * @throws ForeignModelError saying which key is wrong or that the kind is unknown
 */
export function fromConfig(config: unknown): ForeignModel {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new ForeignModelError('it is not a mapping.');
  }
  const record = config as Readonly<Record<string, unknown>>;
  const kind = record['model_type'];
  if (isStateSpaces(record)) return fromStateSpaces(config);
  const hybrid = typeof kind === 'string' && Object.hasOwn(HYBRIDS, kind) ? HYBRIDS[kind] : undefined;
  if (hybrid) return hybrid(config);
  if (typeof kind === 'string' && HUGGING_FACE_MAMBAS.includes(kind)) return fromHuggingFace(config);
  const unread = typeof kind === 'string' ? UNREAD.get(kind) : undefined;
  if (unread !== undefined) {
    throw new ForeignModelError(
      `it has the model_type ${JSON.stringify(kind)}, which is not read: ${unread}; run it with transformers.`,
    );
  }
  const known = [...HUGGING_FACE_MAMBAS, ...Object.keys(HYBRIDS)].join(', ');
  const found = kind === undefined ? 'no model_type' : `the model_type ${JSON.stringify(kind).slice(0, 100)}`;
  throw new ForeignModelError(
    `it has ${found}, and is not of the original state-spaces kind either; model types that are read: ${known}.`,
  );
}
