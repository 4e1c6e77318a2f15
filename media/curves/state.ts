/** @file The view of the Curves panel as it is at first, and what of it the tables do not depend on. */
import type { CurvesState } from '../../src/protocol/view-curves';

export const smoothings = [0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999];

export const initialState: CurvesState = {
  version: 1,
  runs: [],
  panel: 'all',
  axis: 'step',
  smoothing: 0.95,
  oneSided: false,
  logY: true,
  envelope: true,
  clipOutliers: false,
  zoom: null,
  yZoom: null,
  hidden: [],
  focused: null,
  pinned: null,
  filter: '',
  sort: null,
  charts: [],
  table: false,
  more: false,
  view: 'curves',
  colourBy: 'config',
  target: 'loss',
  brushes: {},
  axisOrder: [],
};

/** What changes with every movement of the pointer and nothing in the tables. */
export const viewOnly: ReadonlySet<string> = new Set(['zoom', 'yZoom', 'pinned', 'brushes', 'axisOrder']);
