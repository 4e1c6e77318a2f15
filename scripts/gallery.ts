/**
 * @file `npm run gallery`: every view of the Scan and Playground panels in every theme and state, as pictures in
 * docs/gallery. The real panels in headless Chromium, on examples that are computed here; look at each after a change.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ScanState, ViewName } from '../src/protocol/view-scan';
import { Harness, type OpenPanel } from '../test/panels/harness';
import { hydraLayer, inspection, ring } from '../test/panels/scan-fixture';
import { filterLayer, filters, frames, survey, bidirectionalSurvey } from '../test/panels/views-fixture';
import type { ThemeName } from '../test/panels/themes';
import { playgroundShots, shootPlayground } from './gallery-playground';

const OUT = join(__dirname, '..', 'docs', 'gallery');

interface Shot {
  readonly name: string;
  readonly view: ViewName;
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  readonly state?: Partial<ScanState>;
  readonly kind?: 'scan' | 'filter' | 'long' | 'bidirectional' | 'hydra' | 'image';
  /** Leaves out the answer, or answers with a failure. */
  readonly answer?: 'none' | 'failed' | 'partial';
  readonly table?: boolean;
}

const views: readonly ViewName[] = ['sequence', 'memory', 'attention', 'kernel', 'order', 'training'];
const looks: readonly ThemeName[] = ['dark', 'light', 'hc-dark', 'hc-light'];

/** Another run of the same config that stands beside the first. */
const otherRun = {
  target: '/runs/b',
  name: 'induction-heads · seed 2',
  layer: 0,
  matrix: null,
  follows: true,
};

const shots: readonly Shot[] = [
  ...views.flatMap((view) =>
    looks.map((theme) => ({
      name: `${view}-${theme}`,
      view,
      theme,
      kind: view === 'kernel' ? ('filter' as const) : ('scan' as const),
    })),
  ),
  ...views.map((view) => ({
    name: `${view}-narrow`,
    view,
    width: 420,
    kind: view === 'kernel' ? ('filter' as const) : ('scan' as const),
  })),
  { name: 'attention-contribution', view: 'attention', state: { measure: 'contribution' } },
  { name: 'attention-bidirectional', view: 'attention', kind: 'bidirectional', state: { layer: 3 } },
  {
    name: 'attention-pinned-layer',
    view: 'attention',
    state: {
      layer: 2,
      matrix: 3,
      pin: { target: null, name: 'induction-heads · mamba', layer: 0, matrix: null, follows: false },
    },
  },
  { name: 'attention-pinned-run', view: 'attention', theme: 'light', state: { pin: otherRun } },
  { name: 'attention-pinned-hc-dark', view: 'attention', theme: 'hc-dark', state: { pin: otherRun } },
  { name: 'attention-pinned-narrow', view: 'attention', width: 420, state: { pin: otherRun } },
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
  { name: 'state-loading', view: 'sequence', answer: 'none' },
  { name: 'state-waiting', view: 'attention', answer: 'partial' },
  { name: 'state-failed', view: 'memory', answer: 'failed' },
  { name: 'state-not-possible', view: 'kernel', kind: 'scan' },
];

async function shoot(harness: Harness, shot: Shot): Promise<void> {
  const { view, kind = 'scan', answer } = shot;
  const state = {
    version: 1,
    target: 'test',
    view,
    source: view === 'attention' || view === 'training' ? 13 : null,
    order: { system: 'ss2d', rows: 8, columns: 8, step: 37, token: 27, index: false },
    ...shot.state,
    ...(shot.table ? { table: '' } : {}),
  };
  const panel = await harness.open('scan', {
    theme: shot.theme ?? 'dark',
    width: shot.width ?? 1360,
    height: shot.height ?? 860,
    state,
  });
  try {
    await panel.post({ type: 'target', name: 'induction-heads · mamba', trained: true });
    await answerAll(panel, kind, answer);
    await panel.page.waitForTimeout(250);
    const height = await panel.page.evaluate(() => document.documentElement.scrollHeight);
    await panel.page.setViewportSize({
      width: shot.width ?? 1360,
      height: Math.min(2200, Math.max(320, height)),
    });
    await panel.page.waitForTimeout(100);
    await panel.page.screenshot({ path: join(OUT, `${shot.name}.png`), animations: 'disabled' });
    if (panel.errors.length > 0) throw new Error(`${shot.name}: ${panel.errors.join('; ')}`);
  } finally {
    await panel.close();
  }
}

async function answerAll(
  panel: OpenPanel,
  kind: NonNullable<Shot['kind']>,
  answer: Shot['answer'],
): Promise<void> {
  const long = kind === 'long' ? { length: 400, channels: 32, states: 8 } : {};
  const done = new Set<unknown>();
  for (let round = 0; round < 3; round++) {
    await panel.page.waitForTimeout(80);
    for (const message of await panel.sent()) {
      const request = message['request'];
      if (done.has(`${message.type} ${String(request)}`)) continue;
      done.add(`${message.type} ${String(request)}`);
      if (message.type === 'inspect' && answer === 'failed')
        await panel.post({
          type: 'failed',
          request,
          message: 'The checkpoint at step 500 is damaged: model.safetensors is 12 bytes short.',
        });
      else if (message.type === 'inspect' && answer !== 'none')
        await panel.post({
          type: 'inspection',
          request,
          inspection: {
            ...(kind === 'filter' ? filterLayer() : kind === 'hydra' ? hydraLayer() : inspection(long)),
            ...(kind === 'image' ? { image: ring } : {}),
            surprise: Float32Array.from({ length: 32 }, (_, t) => (t === 13 ? 0.1 : 2.5)),
          },
        });
      else if (message.type === 'survey' && answer === undefined)
        await panel.post({
          type: 'survey',
          request,
          survey: survey(
            { ...long, ...(message['target'] ? { example: 3 } : {}) },
            kind === 'bidirectional' ? [bidirectionalSurvey(3, 32)] : [],
          ),
        });
      else if (message.type === 'analyse')
        await panel.post({ type: 'analysis', request, name: 'lti_kernel', layer: 0, arrays: filters() });
      else if (message.type === 'replay') await panel.post({ type: 'replay', ...frames() });
    }
  }
}

async function main(): Promise<void> {
  const only = process.argv.slice(2);
  if (only.length === 0) rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const harness = await Harness.start();
  try {
    const wanted = ({ name }: { readonly name: string }): boolean =>
      only.length === 0 || only.some((start) => name.startsWith(start));
    for (const shot of shots.filter(wanted)) await shoot(harness, shot);
    for (const shot of playgroundShots.filter(wanted)) await shootPlayground(harness, shot, OUT);
  } finally {
    await harness.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
