/** @file The sequence as a picture, and the same in words. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Measure } from '../../../src/figures/core/scene';
import { layoutSequence } from '../../../src/figures/scan/layout';
import type { Recurrence } from '../../../src/figures/scan/recurrence';
import { drawSequence } from '../../../src/figures/scan/sequence';
import { scanSummary } from '../../../src/figures/scan/step';
import type { ScanModel } from '../model';
import { Picture, usePointed } from '../picture';
import { usePointer, type Drawn } from './pointer';

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
  const pointed = usePointed<Drawn>({ layout, scan });
  usePointer(pointed, model);
  const { inspection } = scan;
  return (
    <div class="sequence">
      <Picture
        name="scan"
        pointed={pointed}
        scene={scene}
        label={`Scan of layer ${inspection.layer}, ${inspection.mixer}, ${scan.length} tokens, channel ${channel}`}
        summary={scanSummary(model.active ?? scan, position, channel)}
        data={{
          'data-cell': layout.cell,
          'data-left': layout.left,
          'data-from': layout.from,
          'data-to': layout.to,
          'data-rows': layout.rows.map((row) => `${row.id}:${row.y}:${row.height}`).join(' '),
          'data-tokens-y': layout.tokens.y,
        }}
      />
    </div>
  );
}
