/** @file The sequence as a picture: pointer, wheel and keys on it, and what is under the pointer. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Measure } from '../../src/figures/core/scene';
import { number3, visible } from '../../src/figures/core/format';
import {
  layoutSequence,
  positionAt,
  rowAt,
  scanOfRow,
  xOf,
  type SequenceLayout,
} from '../../src/figures/scan/layout';
import type { Recurrence } from '../../src/figures/scan/recurrence';
import { drawSequence, heatOf } from '../../src/figures/scan/sequence';
import { scanSummary } from '../../src/figures/scan/step';
import { SceneCanvas } from '../shared/canvas';
import type { ScanModel } from './model';

interface Tip {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export function SequencePanel({
  model,
  scan,
  width,
  measure,
  narrow,
}: {
  model: ScanModel;
  scan: Recurrence;
  width: number;
  measure: Measure;
  narrow: boolean;
}): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const [tip, setTip] = useState<Tip>();
  const { channel, position, quantity, state, theme, linked } = model;
  const rows = model.rows();
  const layout = useMemo(
    () =>
      layoutSequence(scan, {
        width,
        narrow,
        rows,
        scale: theme.fontSize / 13,
        zoom: state.zoom ?? undefined,
        position,
      }),
    [scan, width, narrow, rows.join(), theme, state.zoom, position],
  );
  const scene = useMemo(
    () => drawSequence(scan, layout, { channel, position, linked, quantity }, theme, measure),
    [scan, layout, channel, position, linked, quantity, theme, measure],
  );
  const latest = useRef({ layout, scan });
  latest.current = { layout, scan };

  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const place = (event: MouseEvent): { x: number; y: number } => {
      const box = element.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    let dragging = false;
    let panFrom: { x: number; zoom: readonly [number, number] } | undefined;
    const inOverview = (layout: SequenceLayout, x: number, y: number): number | undefined => {
      const strip = layout.overview;
      if (!strip || y > strip.y + strip.height + 4 || x < layout.left) return undefined;
      const span = (layout.to - layout.from) * layout.cell;
      return Math.max(
        0,
        Math.min(
          latest.current.scan.length - 1,
          Math.floor(((x - layout.left) / span) * latest.current.scan.length),
        ),
      );
    };
    const choose = (event: PointerEvent): void => {
      const { layout, scan: current } = latest.current;
      const { x, y } = place(event);
      const jump = inOverview(layout, x, y);
      if (jump !== undefined) {
        model.patch({ zoom: null });
        model.cursor.moveTo(jump);
        return;
      }
      const t = positionAt(layout, x);
      if (t !== undefined) model.cursor.moveTo(t);
      const row = rowAt(layout, y);
      if (t !== undefined && row?.id === 'channels') {
        const heat = heatOf(
          current,
          layout,
          row,
          { channel: model.channel, position: model.position, quantity: model.quantity },
          model.theme,
        );
        const at = heat ? Math.floor(((y - row.y) / row.height) * heat.pixels.height) * heat.each : 0;
        const picked = heat?.order[Math.min((heat?.order.length ?? 1) - 1, at)];
        if (picked !== undefined) model.chooseChannel(picked);
      }
    };
    const down = (event: PointerEvent): void => {
      if (event.button !== 0) return;
      const zoomed = model.state.zoom;
      if (event.shiftKey && zoomed) panFrom = { x: place(event).x, zoom: zoomed };
      else {
        dragging = true;
        choose(event);
      }
      element.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent): void => {
      const { layout } = latest.current;
      const { x, y } = place(event);
      if (panFrom) {
        const shift = Math.round((panFrom.x - x) / layout.cell);
        zoomTo(model, latest.current.scan, panFrom.zoom[0] + shift, panFrom.zoom[1] + shift);
        return;
      }
      const t = positionAt(layout, x);
      if (dragging && t !== undefined && y < layout.tokens.y + layout.tokens.height) model.cursor.moveTo(t);
      if (model.linked !== t) {
        model.linked = t;
        model.notify();
      }
      setTip(t === undefined ? undefined : tipAt(model, latest.current.scan, layout, t, x, y));
    };
    const up = (): void => {
      dragging = false;
      panFrom = undefined;
    };
    const leave = (): void => {
      model.linked = undefined;
      model.notify();
      setTip(undefined);
    };
    const wheel = (event: WheelEvent): void => {
      const { layout, scan: current } = latest.current;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        const { x } = place(event);
        const at = layout.from + (x - layout.left) / layout.cell;
        const factor = Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY * 0.004)));
        zoomTo(model, current, at - (at - layout.from) * factor, at + (layout.to - at) * factor);
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        if (!layout.windowed && !model.state.zoom) return;
        event.preventDefault();
        const shift =
          Math.round((event.deltaX || event.deltaY) / layout.cell) || Math.sign(event.deltaX || event.deltaY);
        zoomTo(model, current, layout.from + shift, layout.to + shift);
      }
    };
    const double = (): void => model.patch({ zoom: null });
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointerleave', leave);
    element.addEventListener('dblclick', double);
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointerleave', leave);
      element.removeEventListener('dblclick', double);
      element.removeEventListener('wheel', wheel);
    };
  }, [model]);

  const { inspection } = scan;
  return (
    <div class="sequence">
      <div
        class="plot"
        ref={root}
        tabIndex={0}
        role="img"
        aria-label={`Scan of layer ${inspection.layer}, ${inspection.mixer}, ${scan.length} tokens, channel ${channel}`}
        aria-describedby="scan-summary"
        data-cell={layout.cell}
        data-left={layout.left}
        data-from={layout.from}
        data-to={layout.to}
        data-rows={layout.rows.map((row) => `${row.id}:${row.y}:${row.height}`).join(' ')}
        data-tokens-y={layout.tokens.y}
      >
        <SceneCanvas scene={scene} />
        {tip && <TipBox tip={tip} />}
      </div>
      <p id="scan-summary" class="sr-only">
        {scanSummary(model.active ?? scan, position, channel)}
      </p>
    </div>
  );
}

function TipBox({ tip }: { tip: Tip }): JSX.Element {
  return (
    <div
      class="tip"
      ref={(element) => {
        if (element) element.style.transform = `translate(${Math.round(tip.x)}px, ${Math.round(tip.y)}px)`;
      }}
    >
      {tip.text}
    </div>
  );
}

function zoomTo(model: ScanModel, scan: Recurrence, from: number, to: number): void {
  const width = Math.max(4, Math.min(scan.length, Math.round(to - from)));
  const start = Math.max(0, Math.min(scan.length - width, Math.round(from)));
  model.patch({ zoom: width >= scan.length ? null : [start, start + width] });
}

/** What is under the pointer in a heat map; rows of bars have their value at the playhead. */
function tipAt(
  model: ScanModel,
  scan: Recurrence,
  layout: SequenceLayout,
  t: number,
  x: number,
  y: number,
): Tip | undefined {
  const row = rowAt(layout, y);
  if (!row) return undefined;
  const view = { channel: model.channel, position: model.position, quantity: model.quantity };
  const heat = heatOf(scan, layout, row, view, model.theme);
  const token = visible(scan.inspection.tokens[t]?.label ?? '');
  const where = `${t} “${token}”`;
  const place = { x: Math.min(x + 14, xOf(layout, layout.to) - 150), y: y + 18 };
  const { channel } = model;
  const own = scanOfRow(scan, row);
  switch (row.id) {
    case 'delta':
      return { ...place, text: `${where} · Δ ${number3(own.delta(t, channel))}` };
    case 'kept': {
      const order = own.statesByDecay(channel);
      return {
        ...place,
        text: `${where} · kept ${number3(own.kept(t, channel, order[0] ?? 0))}${own.scalarDecay ? '' : ` … ${number3(own.kept(t, channel, order.at(-1) ?? 0))}`}`,
      };
    }
    case 'gate':
      return { ...place, text: `${where} · gate ${number3(scan.gate(t, channel))}` };
    case 'norm':
      return { ...place, text: `${where} · ‖h‖ ${number3(own.norm(t, channel))}` };
    case 'match':
      return { ...place, text: `${where} · C·B ${number3(own.match(model.position, t, channel))}` };
    case 'parts': {
      const parts = own.parts(t, channel);
      if (!parts) return undefined;
      const words = `left ${number3(parts.left)} · right ${number3(parts.right)} · itself ${number3(parts.own)}`;
      return { ...place, text: `${where} · ${words}` };
    }
    default: {
      if (!heat) return undefined;
      const at = Math.floor(((y - row.y) / row.height) * heat.pixels.height) * heat.each;
      const entry = heat.order[Math.min(heat.order.length - 1, at)];
      if (entry === undefined) return undefined;
      const name = row.id === 'channels' ? `channel ${entry}` : `n ${at + 1}`;
      return { ...place, text: `${where} · ${name} · ${number3(heat.at(entry, t))}` };
    }
  }
}
