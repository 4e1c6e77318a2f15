/** @file The pictures of the Scan panel for `npm run gallery`. */
import type { Inspection, ScanState, Survey, ViewName } from '../../src/protocol/view-scan';
import type { Harness, OpenPanel } from '../../test/panels/harness';
import { attentionLayer, hydraLayer, inspection, ring } from '../../test/panels/scan-fixture';
import {
  filterLayer,
  filters,
  frames,
  matrixProbe,
  survey,
  bidirectionalSurvey,
} from '../../test/panels/views-fixture';
import type { ThemeName } from '../../test/panels/themes';
import { photograph, themeNames, type Size } from './photograph';

interface Shot extends Size {
  readonly name: string;
  readonly view: ViewName;
  readonly theme?: ThemeName;
  readonly state?: Partial<ScanState>;
  readonly kind?: 'scan' | 'filter' | 'long' | 'bidirectional' | 'hydra' | 'image' | 'attention';
  /** Leaves out the answer, or answers with a failure. */
  readonly answer?: 'none' | 'failed' | 'partial' | 'no-probes' | 'pinned-failed' | 'cancelled';
  readonly table?: boolean;
}

const views: readonly ViewName[] = ['sequence', 'memory', 'attention', 'kernel', 'order', 'training'];

const LONG = { length: 400, channels: 32, states: 8 };

/** Another run of the same config that stands beside the first. */
const otherRun = {
  target: '/runs/b',
  name: 'induction-heads · seed 2',
  layer: 0,
  matrix: null,
  follows: true,
};

/** The last token asks for what was written at 13. */
const asking = { position: 31, source: 13 };
const reading = (view: ViewName): Partial<ScanState> =>
  view === 'attention' || view === 'training' || view === 'memory' ? asking : {};

export const scanShots: readonly Shot[] = [
  ...views.flatMap((view) =>
    themeNames.map((theme) => ({
      name: `${view}-${theme}`,
      view,
      theme,
      state: reading(view),
      kind: view === 'kernel' ? ('filter' as const) : ('scan' as const),
    })),
  ),
  ...views.map((view) => ({
    name: `${view}-narrow`,
    view,
    width: 420,
    state: reading(view),
    kind: view === 'kernel' ? ('filter' as const) : ('scan' as const),
  })),
  { name: 'attention-contribution', view: 'attention', state: { ...asking, measure: 'contribution' } },
  {
    name: 'attention-bidirectional',
    view: 'attention',
    kind: 'bidirectional',
    state: { layer: 3, position: 20, source: 13 },
  },
  {
    name: 'attention-pinned-layer',
    view: 'attention',
    state: {
      ...asking,
      layer: 2,
      matrix: 3,
      pin: { target: null, name: 'induction-heads · mamba', layer: 0, matrix: null, follows: false },
    },
  },
  { name: 'attention-pinned-run', view: 'attention', theme: 'light', state: { ...asking, pin: otherRun } },
  {
    name: 'attention-pinned-hc-dark',
    view: 'attention',
    theme: 'hc-dark',
    state: { ...asking, pin: otherRun },
  },
  { name: 'attention-pinned-narrow', view: 'attention', width: 420, state: { ...asking, pin: otherRun } },
  {
    name: 'attention-zoom',
    view: 'attention',
    state: { window: { query: 20, key: 6, size: 12 }, position: 27, pin: otherRun },
  },
  {
    name: 'attention-zoom-long',
    view: 'attention',
    kind: 'long',
    state: { window: { query: 250, key: 210, size: 100 }, position: 300, source: 269 },
  },
  { name: 'sequence-hydra', view: 'sequence', kind: 'hydra' },
  {
    name: 'sequence-hydra-backward',
    view: 'sequence',
    theme: 'light',
    kind: 'hydra',
    state: { direction: 'backward', position: 18 },
  },
  { name: 'sequence-hydra-narrow', view: 'sequence', kind: 'hydra', width: 420 },
  {
    name: 'attention-pinned-wide',
    view: 'attention',
    width: 1920,
    state: { ...asking, pin: { ...otherRun, follows: false, matrix: 17 }, matrix: 5 },
  },
  { name: 'memory-hydra', view: 'memory', kind: 'hydra', state: { position: 20 } },
  { name: 'memory-hydra-light', view: 'memory', kind: 'hydra', theme: 'light', state: { position: 20 } },
  { name: 'memory-hydra-narrow', view: 'memory', kind: 'hydra', width: 420, state: { position: 20 } },
  { name: 'memory-long', view: 'memory', kind: 'long' },
  { name: 'attention-long', view: 'attention', kind: 'long' },
  {
    name: 'order-windows',
    view: 'order',
    state: { order: { system: 'local_w3', rows: 7, columns: 10, step: 40, token: 33, index: true } },
  },
  {
    name: 'order-multi-head',
    view: 'order',
    theme: 'light',
    state: { order: { system: 'mhs', rows: 6, columns: 8, step: 20, token: 20, index: false } },
  },
  {
    name: 'order-image',
    view: 'order',
    kind: 'image',
    state: { order: { system: 'ss2d', rows: 7, columns: 7, step: 30, token: 26, index: false } },
  },
  {
    name: 'order-image-light',
    view: 'order',
    kind: 'image',
    theme: 'light',
    state: { order: { system: 'ss2d', rows: 7, columns: 7, step: 30, token: 26, index: false } },
  },
  {
    name: 'order-image-hc-light',
    view: 'order',
    kind: 'image',
    theme: 'hc-light',
    state: { order: { system: 'ss2d', rows: 14, columns: 14, step: 90, token: 90, index: false } },
  },
  { name: 'table-memory', view: 'memory', table: true },
  ...themeNames.flatMap((theme): Shot[] => [
    { name: `state-loading-${theme}`, view: 'sequence', theme, answer: 'none' },
    { name: `state-waiting-${theme}`, view: 'attention', theme, answer: 'partial' },
    { name: `state-failed-${theme}`, view: 'memory', theme, answer: 'failed' },
    { name: `state-not-possible-${theme}`, view: 'kernel', theme },
  ]),
  ...(['memory', 'attention', 'kernel', 'training'] as const).map((view): Shot => ({
    name: `state-loading-${view}`,
    view,
    answer: 'none',
  })),
  { name: 'state-loading-narrow', view: 'sequence', width: 420, answer: 'none' },
  { name: 'state-cancelled', view: 'sequence', answer: 'cancelled' },
  { name: 'state-no-scan', view: 'sequence', kind: 'attention', state: { layer: 2 } },
  { name: 'state-no-probes', view: 'training', answer: 'no-probes' },
  {
    name: 'state-pinned-lost',
    view: 'attention',
    answer: 'pinned-failed',
    state: { ...asking, pin: otherRun },
  },
];

export async function shootScan(harness: Harness, shot: Shot, out: string): Promise<void> {
  const { view, kind = 'scan', answer } = shot;
  const state = {
    version: 1,
    target: 'test',
    view,
    order: { system: 'ss2d', rows: 8, columns: 8, step: 37, token: 27, index: false },
    ...shot.state,
    ...(shot.table ? { table: '' } : {}),
  };
  await photograph(harness, 'scan', shot, out, { state }, async (panel) => {
    await panel.post({ type: 'target', name: 'induction-heads · mamba', trained: true });
    await answerAll(panel, kind, answer);
    // Whoever waits is told what for, and may end it.
    const cancel = panel.page.getByRole('button', { name: 'Cancel' });
    if (answer === 'none' || answer === 'partial') await cancel.waitFor();
    if (answer === 'cancelled') await cancel.click();
  });
}

/** Fixtures are computed once: the long ones take seconds. */
const known = new Map<string, unknown>();
function once<T>(key: string, make: () => T): T {
  if (!known.has(key)) known.set(key, make());
  return known.get(key) as T;
}

function inspectionOf(kind: NonNullable<Shot['kind']>, layer: number): Inspection {
  const found =
    kind === 'filter'
      ? filterLayer()
      : kind === 'hydra'
        ? hydraLayer()
        : kind === 'attention'
          ? attentionLayer()
          : inspection({ ...(kind === 'long' ? LONG : {}), layer: kind === 'bidirectional' ? 0 : layer });
  const layers = kind === 'bidirectional' ? [...found.layers, { index: 3, mixer: 'hydra' }] : found.layers;
  return {
    ...found,
    layers,
    ...(kind === 'bidirectional' ? { layer } : {}),
    ...(kind === 'image' ? { image: ring } : {}),
    surprise: Float32Array.from({ length: 32 }, (_, t) => (t === 13 ? 0.1 : 2.5)),
  };
}

function surveyOf(kind: NonNullable<Shot['kind']>, other: boolean): Survey {
  if (kind === 'hydra') {
    const found = survey({}, [bidirectionalSurvey(0, 32)]);
    return { ...found, surveys: found.surveys.slice(-1) };
  }
  return survey(
    { ...(kind === 'long' ? LONG : {}), ...(other ? { example: 3 } : {}) },
    kind === 'bidirectional' ? [bidirectionalSurvey(3, 32)] : [],
  );
}

async function answerAll(
  panel: OpenPanel,
  kind: NonNullable<Shot['kind']>,
  answer: Shot['answer'],
): Promise<void> {
  const done = new Set<unknown>();
  let quiet = 0;
  while (quiet < 2) {
    await panel.page.waitForTimeout(40);
    const asked = (await panel.sent()).filter(({ type, request }) => !done.has(`${type} ${String(request)}`));
    quiet = asked.length === 0 ? quiet + 1 : 0;
    for (const message of asked) {
      done.add(`${message.type} ${String(message['request'])}`);
      const reply = replyTo(message, kind, answer);
      if (reply) await panel.post(reply);
    }
  }
}

function replyTo(
  message: { readonly type: string; readonly [key: string]: unknown },
  kind: NonNullable<Shot['kind']>,
  answer: Shot['answer'],
): Record<string, unknown> | undefined {
  const { request, target } = message;
  const layer = Number(message['layer'] ?? 0);
  switch (message.type) {
    case 'inspect':
      if (answer === 'none' || answer === 'cancelled') return undefined;
      if (answer === 'failed')
        return failed(request, 'The checkpoint at step 500 is damaged: model.safetensors is 12 bytes short.');
      return {
        type: 'inspection',
        request,
        inspection: once(`${kind} ${layer}`, () => inspectionOf(kind, layer)),
      };
    case 'survey':
      if (answer === 'partial') return undefined;
      if (target && answer === 'pinned-failed') return failed(request, 'There is no run at runs/b any more.');
      return {
        type: 'survey',
        request,
        survey: once(`survey ${kind} ${String(target)}`, () => surveyOf(kind, target !== undefined)),
      };
    case 'analyse':
      return {
        type: 'analysis',
        request,
        name: String(message['name']),
        layer,
        arrays: arraysOf(message, layer),
      };
    case 'replay':
      return answer === 'no-probes'
        ? { type: 'replay', frames: [], tokens: [], losses: [] }
        : { type: 'replay', ...once('frames', frames) };
    default:
      return undefined;
  }
}

const failed = (request: unknown, message: string) => ({ type: 'failed', request, message });

/** The filters of a kernel, or one matrix. */
function arraysOf(message: { readonly [key: string]: unknown }, layer: number): Record<string, unknown> {
  const channel = message['channel'];
  if (typeof channel !== 'number') return once('filters', filters);
  const found = inspection({ layer, ...(message['target'] ? { example: 3 } : {}) });
  return { hidden_attention: matrixProbe(found, channel) };
}
