/** @file A run as one HTML page without anything from elsewhere: facts, curves, evaluations, config. */
import { isOfLayer } from '../../protocol/run';
import type { RunReader } from '../../runs';

const WIDTH = 860;
const HEIGHT = 260;
const MARGIN = 56;
/** Points drawn per curve; more share a pixel. */
const POINTS = 2000;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const shown = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(5));

interface Curve {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

function chart(title: string, curves: readonly Curve[]): string {
  const points = curves
    .flatMap(({ x, y }) => x.map((at, i) => [at, y[i]!] as const))
    .filter(([, y]) => Number.isFinite(y));
  if (points.length === 0) return '';
  const range = (values: readonly number[]): [number, number] => {
    const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    return low === high ? [low - 0.5, high + 0.5] : [low, high];
  };
  const [x0, x1] = range(points.map(([x]) => x));
  const [y0, y1] = range(points.map(([, y]) => y));
  const px = (x: number): number => MARGIN + ((x - x0) / (x1 - x0)) * (WIDTH - 2 * MARGIN);
  const py = (y: number): number => HEIGHT - 32 - ((y - y0) / (y1 - y0)) * (HEIGHT - 64);
  const lines = curves.map(({ name, x, y }, index) => {
    const stride = Math.max(1, Math.floor(x.length / POINTS));
    const path = x
      .map((at, i) => [at, y[i]!] as const)
      .filter(([, value], i) => i % stride === 0 && Number.isFinite(value))
      .map(([at, value]) => `${px(at).toFixed(1)},${py(value).toFixed(1)}`)
      .join(' ');
    return `<polyline class="c${index % 4}" points="${path}"><title>${escaped(name)}</title></polyline>`;
  });
  const legend = curves
    .map(({ name }, index) => `<tspan class="c${index % 4}" dx="12">${escaped(name)}</tspan>`)
    .join('');
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">
<text x="${MARGIN}" y="18">${escaped(title)}${curves.length > 1 ? legend : ''}</text>
<text x="${MARGIN - 6}" y="${py(y0)}" text-anchor="end">${shown(y0)}</text><text x="${MARGIN - 6}" y="${py(y1) + 8}" text-anchor="end">${shown(y1)}</text>
<text x="${MARGIN}" y="${HEIGHT - 8}">${shown(x0)}</text><text x="${WIDTH - MARGIN}" y="${HEIGHT - 8}" text-anchor="end">step ${shown(x1)}</text>
<path class="axis" d="M${MARGIN} 24V${HEIGHT - 32}H${WIDTH - MARGIN}"/>
${lines.join('\n')}</svg></figure>`;
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
svg text{font:12px system-ui,sans-serif;fill:#57606a}svg polyline{fill:none;stroke-width:1.5}.axis{fill:none;stroke:#d0d7de}
polyline.c0{stroke:#0969da}polyline.c1{stroke:#bc4c00}polyline.c2{stroke:#1a7f37}polyline.c3{stroke:#8250df}
tspan.c0{fill:#0969da}tspan.c1{fill:#bc4c00}tspan.c2{fill:#1a7f37}tspan.c3{fill:#8250df}
table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left}pre{background:#f6f8fa;padding:1rem;overflow:auto}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}pre{background:#161b22}}`;

/** @param reader after a `poll`; @param config text of the resolved config */
export function htmlReport(reader: RunReader, config: string): string {
  const { info, tables, evals } = reader;
  const facts: [string, string][] = [
    ['Status', reader.status],
    ['Started', info.started],
    ...(info.ended ? ([['Ended', info.ended]] as [string, string][]) : []),
    ['Device', `${info.device}, ${info.threads} threads`],
    ['Parameters', info.parameters.toLocaleString('en-US')],
    ...Object.entries(reader.last ?? {}).map(([name, value]): [string, string] => [name, shown(value)]),
  ];
  const curve = (table: string, column: string): Curve[] => {
    const found = tables.get(table);
    const y = found?.column(column);
    return found && y ? [{ name: `${table} ${column}`, x: [...found.column('step')!], y: [...y] }] : [];
  };
  const splits = [...tables.keys()].filter((name) => name !== 'train');
  const charts = [
    chart('Loss (nats)', [...curve('train', 'loss'), ...splits.flatMap((name) => curve(name, 'loss'))]),
    chart(
      'Accuracy',
      splits.flatMap((name) => curve(name, 'accuracy')),
    ),
    chart('Learning rate', curve('train', 'lr')),
    chart('Gradient norm', curve('train', 'grad_norm')),
  ];
  const evaluations = evals.slice(-20).map(({ step, eval: found }) => ({ step, ...found }));
  const columns = Object.keys(evaluations.at(-1) ?? {}).filter((name) => !isOfLayer(name));
  const rows = evaluations.map(
    (each: Readonly<Record<string, unknown>>) =>
      `<tr>${columns
        .map((name) => each[name])
        .map((value) => `<td>${typeof value === 'number' ? shown(value) : escaped(textOf(value))}</td>`)
        .join('')}</tr>`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(info.name)}</title>
<style>${STYLE}</style>
<h1>${escaped(info.name)}</h1>
<table>${facts.map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join('')}</table>
${charts.join('\n')}
${
  rows.length > 0
    ? `<h2>Evaluations</h2><table><tr>${columns
        .map((name) => `<th>${escaped(name)}</th>`)
        .join('')}</tr>${rows.join('')}</table>`
    : ''
}
<h2>Config</h2><pre>${escaped(config)}</pre>
</html>
`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
