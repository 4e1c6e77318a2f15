/** @file Which views a layer has, and why not the others. */
import type { ViewName } from '../../src/protocol/view-scan';
import type { ScanModel } from './model';

/** Probes that tell how a layer mixes tokens. */
const mixes = ['kernel', 'attention', 'matrix', 'lambda'];

/** Why a view cannot be shown; undefined when it can. */
export function unavailable({ inspection, scan, replay }: ScanModel, view: ViewName): string | undefined {
  const mixer = inspection?.mixer ?? '';
  if (view === 'order' || view === 'attention') return undefined;
  if (view === 'training')
    return replay.frames.length > 0 ? undefined : 'This run has no probes of training (train.probe_every).';
  if (!inspection) return undefined;
  if (view === 'kernel')
    return inspection.probes['kernel']
      ? undefined
      : `${mixer} is not time-invariant: it has no fixed kernel.`;
  if (view === 'memory')
    return scan || mixes.some((name) => inspection.probes[name])
      ? undefined
      : `${mixer} mixes no tokens: nothing is kept between them.`;
  return scan ? undefined : `${mixer} tells no step size, decay and state.`;
}

/** What to look at first in a layer: its scan, its kernel, or how it mixes tokens. */
export const firstView = (model: ScanModel): ViewName =>
  (['sequence', 'kernel'] as const).find((view) => unavailable(model, view) === undefined) ?? 'attention';

/** The nearest layer that has a scan, for layers that have none. */
export function nearestScanLayer({ inspection, layer }: ScanModel): number | undefined {
  const scans = (inspection?.layers ?? []).filter(
    ({ mixer }) => /mamba|hydra/i.test(mixer) && mixer !== inspection?.mixer,
  );
  return scans.toSorted((a, b) => Math.abs(a.index - layer) - Math.abs(b.index - layer))[0]?.index;
}
