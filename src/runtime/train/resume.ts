/** @file What may change between the parts of a resumed run. */
import type { RunConfig } from '../../models/config';
import { learningRate } from './schedule';

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

/**
 * How a resume changes the learning rate of the next update: with another number of steps, a rate that falls towards
 * the end of the run jumps. Undefined where it goes on as before.
 * @param step finished steps
 */
export function rateChange(
  before: RunConfig,
  after: RunConfig,
  step: number,
): { readonly before: number; readonly after: number; readonly message: string } | undefined {
  const of = ({ train }: RunConfig): number =>
    learningRate(train.schedule, train.optimizer.lr, step, train.steps);
  const [was, is] = [of(before), of(after)];
  if (Math.abs(is - was) <= 1e-6 * Math.max(is, was)) return undefined;
  const shown = (rate: number): string => String(Number(rate.toPrecision(2)));
  return { before: was, after: is, message: `learning rate ${shown(was)} → ${shown(is)}` };
}
