/** @file A run as one HTML page without anything from elsewhere: facts, curves, evaluations, config. */
import { isOfLayer } from '../../protocol/run';
import type { RunReader } from '../../runs';
import { chart, escaped, shown, type Curve } from './report-chart';

const STYLE = `:root{color-scheme:light dark;--text:#1b1f24;--ground:#fff;--quiet:#57606a;--axis:#8c959f;--grid:#eaeef2;--box:#f6f8fa;--c0:#0969da;--c1:#bc4c00;--c2:#1a7f37;--c3:#8250df}
@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--ground:#0d1117;--quiet:#9198a1;--axis:#656c76;--grid:#21262d;--box:#161b22;--c0:#58a6ff;--c1:#f0883e;--c2:#3fb950;--c3:#bc8cff}}
body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color:var(--text);background:var(--ground)}
h1{overflow-wrap:anywhere}figure{margin:1.5rem 0;overflow-x:auto}svg{display:block;min-width:560px;width:100%}
svg text{font:12px system-ui,sans-serif;fill:var(--quiet)}svg .head{font-weight:600;fill:var(--text)}
svg polyline{fill:none;stroke-width:1.5;stroke-linejoin:round}.axis,.grid{fill:none;stroke:var(--axis)}.grid{stroke:var(--grid)}
${[0, 1, 2, 3].map((k) => `polyline.c${k}{stroke:var(--c${k})}svg tspan.c${k}{fill:var(--c${k})}`).join('')}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.15rem .8rem .15rem 0;text-align:left}
pre{background:var(--box);padding:1rem;white-space:pre-wrap;overflow-wrap:anywhere}`;

/** What the last row's numbers are called. */
const names: Readonly<Record<string, string>> = {
  step: 'Steps',
  loss: 'Training loss',
  lr: 'Learning rate',
  grad_norm: 'Gradient norm',
  tokens: 'Tokens',
  flops: 'FLOPs',
  seconds: 'Seconds',
  memory: 'Memory, bytes',
  memory_peak: 'Most memory, bytes',
};

/** @param reader after a `poll`; @param config text of the resolved config */
export function htmlReport(reader: RunReader, config: string): string {
  const { info, tables, evals } = reader;
  const facts: [string, string][] = [
    ['Status', reader.status],
    ['Started', info.started],
    ...(info.ended ? ([['Ended', info.ended]] as [string, string][]) : []),
    ['Device', `${info.device}, ${info.threads} threads`],
    ['Parameters', info.parameters.toLocaleString('en-US')],
    ...Object.entries({ ...reader.last, ...mostMemory(reader) }).map(([name, value]): [string, string] => [
      names[name] ?? name,
      shown(value),
    ]),
  ];
  const curve = (table: string, column: string): Curve[] => {
    const found = tables.get(table);
    const y = found?.column(column);
    return found && y ? [{ name: `${table} ${column}`, x: [...found.column('step')!], y: [...y] }] : [];
  };
  const splits = [...tables.keys()].filter((name) => name !== 'train');
  const charts = [
    chart('Loss, nats', [...curve('train', 'loss'), ...splits.flatMap((name) => curve(name, 'loss'))], true),
    chart(
      'Accuracy',
      splits.flatMap((name) => curve(name, 'accuracy')),
    ),
    chart('Learning rate', curve('train', 'lr')),
    chart('Gradient norm', curve('train', 'grad_norm'), true),
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
    ? `<h2>Evaluations</h2><div class="wide"><table><tr>${columns
        .map((name) => `<th>${escaped(name)}</th>`)
        .join('')}</tr>${rows.join('')}</table></div>`
    : ''
}
<h2>Config</h2><pre>${escaped(config)}</pre>
</html>
`;
}

/** Over steps and evaluations, the last of which come after the last step's row. */
function mostMemory({ tables }: RunReader): { readonly memory_peak?: number } {
  const seen = [...tables.values()].flatMap((table) => [...(table.column('memory_peak') ?? [])]);
  const most = seen.reduce((a, b) => (b > a ? b : a), 0);
  return most > 0 ? { memory_peak: most } : {};
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
