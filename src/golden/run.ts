/** @file Running golden cases: any folder, also one never seen before. */
import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCase } from './case';
import { compareAll } from './compare';
import { DeviceAbsent, MalformedCase, NotSupported } from './errors';
import { GOLDEN_DEVICES, Machine, type GoldenDevice } from './machine';
import { exitCodeOf, type CaseReport, type GoldenReport } from './report';
import { targets } from './targets';

export { formatGoldenReport, type CaseReport, type GoldenReport } from './report';
export type { GoldenDevice } from './machine';

/**
 * @param paths folders: a case each, or a folder of cases
 * @returns a report, also for wrong usage (exit code 64) and an absent device (3); it does not throw
 */
export async function runGolden(
  paths: readonly string[],
  options: { readonly device?: string; readonly onCase?: (report: CaseReport) => void } = {},
): Promise<GoldenReport> {
  const device = (options.device ?? 'cpu') as GoldenDevice;
  const stop = (exitCode: number, message: string): GoldenReport => ({
    device,
    exitCode,
    cases: [],
    message,
  });
  if (!GOLDEN_DEVICES.includes(device)) {
    return stop(64, `There is no device ${device}; there are ${GOLDEN_DEVICES.join(', ')}.`);
  }
  if (paths.length === 0) return stop(64, 'Name a case or a folder of cases.');
  const folders: string[] = [];
  for (const path of paths) {
    const found = await findCases(path);
    if (typeof found === 'string') return stop(64, found);
    folders.push(...found);
  }
  try {
    await new Machine(device).probe();
  } catch (error) {
    return stop(3, (error as Error).message);
  }
  const cases: CaseReport[] = [];
  for (const folder of folders) {
    const report = await runCase(folder, device);
    options.onCase?.(report);
    cases.push(report);
  }
  return { device, exitCode: exitCodeOf(cases), cases };
}

/** The case folders at a path, or a sentence saying why there are none. */
async function findCases(path: string): Promise<string[] | string> {
  const isCase = (folder: string): Promise<boolean> =>
    access(join(folder, 'case.json')).then(
      () => true,
      () => false,
    );
  try {
    if (!(await stat(path)).isDirectory()) return `${path} is not a folder.`;
    if (await isCase(path)) return [path];
    const entries = (await readdir(path)).sort().map((name) => join(path, name));
    const cases = [];
    for (const entry of entries) if (await isCase(entry)) cases.push(entry);
    return cases.length > 0 ? cases : `${path} holds no case: neither it nor a folder in it has a case.json.`;
  } catch (error) {
    return `${path} cannot be read: ${(error as Error).message}`;
  }
}

async function runCase(path: string, device: GoldenDevice): Promise<CaseReport> {
  const start = performance.now();
  const machine = new Machine(device);
  let target: string | undefined;
  const done = (part: Omit<CaseReport, 'path' | 'seconds' | 'fallbacks'>): CaseReport => ({
    path,
    ...(target === undefined ? {} : { target }),
    ...part,
    fallbacks: [...machine.fallbacks].sort(),
    seconds: (performance.now() - start) / 1000,
  });
  try {
    const goldenCase = await loadCase(path);
    target = goldenCase.target;
    const run = Object.hasOwn(targets, target) ? targets[target] : undefined;
    if (!run) throw new NotSupported(`the target ${target} is not built here`);
    const found = await run(goldenCase, machine);
    const comparisons = Array.isArray(found) ? found : compareAll(goldenCase, found);
    const compared = new Set(comparisons.map(({ name }) => name));
    const uncompared = [
      ...goldenCase.names.filter((name) => /^(output|grad)\./.test(name) && !compared.has(name)),
      ...goldenCase.unused().filter((name) => !/^(output|grad)\./.test(name)),
    ];
    const nothing = comparisons.length === 0;
    const agrees =
      !nothing && uncompared.length === 0 && comparisons.every((comparison) => comparison.agrees);
    const message = nothing ? 'the case holds nothing to compare' : undefined;
    return done({
      status: agrees ? 'agrees' : 'disagrees',
      comparisons,
      uncompared,
      ...(message ? { message } : {}),
    });
  } catch (error) {
    const message = (error as Error).message;
    const empty = { comparisons: [], uncompared: [], message };
    if (error instanceof NotSupported) return done({ status: 'not-supported', ...empty });
    if (error instanceof MalformedCase) return done({ status: 'malformed', ...empty });
    if (error instanceof DeviceAbsent) return done({ status: 'device-absent', ...empty });
    return done({ status: 'disagrees', ...empty, message: `failed: ${message}` });
  }
}
