/** @file What may change between the parts of a resumed run. */
import type { RunConfig } from '../../models/config';

/** Keys that do not change what was computed so far; `device` is kept from the run itself. */
const FREE = [
  'train.steps',
  'eval',
  'train.log_every',
  'train.checkpoint_every',
  'train.probe_every',
  'train.keep',
  'device',
];

/** Dotted paths at which two values differ. */
export function differences(before: unknown, after: unknown, path = ''): string[] {
  if (Object.is(before, after)) return [];
  const nested = (value: unknown): value is object => typeof value === 'object' && value !== null;
  if (!nested(before) || !nested(after) || Array.isArray(before) !== Array.isArray(after)) return [path];
  const a = before as Record<string, unknown>;
  const b = after as Record<string, unknown>;
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differences(a[key], b[key], path === '' ? key : `${path}.${key}`));
}

/** Changed keys that forbid a resume. */
export function forbiddenChanges(before: RunConfig, after: RunConfig): string[] {
  return differences(before, after).filter(
    (path) => !FREE.some((free) => path === free || path.startsWith(`${free}.`)),
  );
}
