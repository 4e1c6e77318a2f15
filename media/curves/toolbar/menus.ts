/** @file What the menus of the bar offer. */
import type { MenuItem } from '../../shared/controls';
import type { CurvesModel } from '../model';
import type { ExportKind } from '../save';
import { isSweep, isSweeping } from '../sweep/rows';

/** Below this width, px, the choice between curves and sweep is in the menu. */
export const wideForViews = 560;

export function moreItems(model: CurvesModel, width: number): (MenuItem | 'separator')[] {
  const { envelope, clipOutliers, oneSided } = model.state;
  const sweeping = isSweeping(model);
  const sweep: MenuItem = {
    label: 'Sweep',
    checked: sweeping,
    run: () => model.patch({ view: sweeping ? 'curves' : 'sweep' }),
  };
  return [
    {
      label: 'Envelope',
      checked: envelope,
      detail: 'E',
      run: () => model.patch({ envelope: !envelope }),
    },
    {
      label: 'Clip outliers',
      checked: clipOutliers,
      run: () => model.patch({ clipOutliers: !clipOutliers }),
    },
    {
      label: 'One-sided EMA',
      checked: oneSided,
      run: () => model.patch({ oneSided: !oneSided }),
    },
    ...(isSweep(model) && width < wideForViews ? [sweep] : []),
    'separator',
    { label: 'Whole range', detail: '0', run: () => model.zoomTo(null) },
    { label: 'Show all runs', run: () => model.patch({ hidden: [], filter: '' }) },
    { label: 'Show Log', run: () => model.send({ type: 'command', command: 'log' }) },
  ];
}

export const exportItems = (onExport: (kind: ExportKind) => void): MenuItem[] => [
  { label: 'Save picture as PNG…', run: () => onExport('png') },
  { label: 'Save figure as SVG…', run: () => onExport('svg') },
  { label: 'Save numbers as CSV…', run: () => onExport('csv') },
  { label: 'Copy table as Markdown', run: () => onExport('md') },
];
