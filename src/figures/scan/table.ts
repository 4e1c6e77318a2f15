/** @file A probe as a table, one row per position; also what is exported as CSV and JSON. */
import type { Inspection, Probe } from '../../protocol/view-scan';

export interface ProbeTable {
  /** Names of the columns after position and token. */
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly head: string;
    readonly label: string;
    readonly values: readonly number[];
  }[];
  /** What of a larger probe is shown, for example `channel 62`. */
  readonly slice: string | undefined;
}

/** Position of the entry of `axis` that belongs to a channel. */
function place(probe: Probe, axis: string, channel: number, channels: number): number {
  const count = probe.shape[probe.axes.indexOf(axis)] ?? 1;
  return Math.min(
    count - 1,
    axis === 'channel' ? channel : Math.floor((channel * count) / Math.max(1, channels)),
  );
}

/**
 * Two axes of a probe: the first axis down, the last across; of the axes between them the entry of `channel`.
 * Probes without time have their first axis down.
 */
export function probeTable(inspection: Inspection, name: string, channel: number): ProbeTable {
  const probe = inspection.probes[name];
  if (!probe) return { columns: [], rows: [], slice: undefined };
  const { shape, axes, data } = probe;
  const channels = inspection.probes['x']?.shape[1] ?? 1;
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, extent) => product * extent, 1),
  );
  const last = shape.length - 1;
  let offset = 0;
  const sliced: string[] = [];
  for (let axis = 1; axis < last; axis++) {
    const at = place(probe, axes[axis] ?? '', channel, channels);
    offset += at * strides[axis]!;
    sliced.push(`${axes[axis] ?? 'index'} ${at}`);
  }
  const across = last > 0 ? shape[last]! : 1;
  const acrossName = last > 0 ? (axes[last] ?? 'index') : name;
  const timed = axes[0] === 'time';
  return {
    columns: Array.from({ length: across }, (_, k) => (last > 0 ? `${acrossName} ${k}` : acrossName)),
    rows: Array.from({ length: shape[0] ?? 0 }, (_, row) => ({
      head: String(row),
      label: timed ? (inspection.tokens[row]?.label ?? '') : (axes[0] ?? ''),
      values: Array.from(
        { length: across },
        (_, k) => data[offset + row * strides[0]! + (last > 0 ? k : 0)] as number,
      ),
    })),
    slice: sliced.length > 0 ? sliced.join(', ') : undefined,
  };
}

const quote = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

/** All probes in long form: probe, indices by axis name, value. */
export function inspectionCsv(inspection: Inspection): string {
  const lines = ['probe,time,token,channel,head,group,state,value'];
  for (const [name, probe] of Object.entries(inspection.probes)) {
    const index = new Array<number>(probe.shape.length).fill(0);
    for (const value of probe.data) {
      const of = (axis: string): string => {
        const at = probe.axes.indexOf(axis);
        return at < 0 ? '' : String(index[at]);
      };
      const time = of('time');
      lines.push(
        [
          name,
          time,
          time === '' ? '' : quote(inspection.tokens[Number(time)]?.label ?? ''),
          of('channel'),
          of('head'),
          of('group'),
          of('state'),
          String(value),
        ].join(','),
      );
      for (let axis = index.length - 1; axis >= 0; axis--) {
        if (++index[axis]! < (probe.shape[axis] ?? 1)) break;
        index[axis] = 0;
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

export function inspectionJson(inspection: Inspection): string {
  return JSON.stringify(inspection, (_key, value: unknown) =>
    value instanceof Float32Array ? Array.from(value) : value,
  );
}
