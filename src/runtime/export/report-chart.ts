/** @file A chart of the HTML page of a run: curves by step in SVG, with numbers at both axes. */

const WIDTH = 860;
const HEIGHT = 260;
/** Around the plot: the left one holds the numbers of the axis. */
const LEFT = 64;
const RIGHT = 28;
const TOP = 32;
const BOTTOM = 32;
/** Points drawn per curve; more share a pixel. */
const POINTS = 2000;

/** Text for HTML. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** `1,500`, `0.0123`, `2.4e11`: at most five digits of what is no whole number. */
export function shown(value: number): string {
  if (Math.abs(value) >= 1e9) return value.toExponential(1).replace('e+', 'e');
  return Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(5)));
}

export interface Curve {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Where a value lies between 0 and 1, and the values that get a line. */
interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** From and to round values in steps of 1, 2 or 5 times a power of ten, about four of them. */
function linear(low: number, high: number): Scale {
  const rough = (high - low || Math.abs(high) || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const [from, to] = [Math.floor(low / step), Math.max(Math.ceil(high / step), Math.floor(low / step) + 1)];
  return {
    ticks: Array.from({ length: to - from + 1 }, (_, k) => Number(((from + k) * step).toPrecision(12))),
    at: (value) => (value / step - from) / (to - from),
  };
}

/** From and to powers of ten. */
function logarithmic(low: number, high: number): Scale {
  const from = Math.floor(Math.log10(low));
  const to = Math.max(from + 1, Math.ceil(Math.log10(high)));
  return {
    ticks: Array.from({ length: to - from + 1 }, (_, k) => Number(`1e${from + k}`)),
    at: (value) => (Math.log10(value) - from) / (to - from),
  };
}

/** @param falls whether a range of decades gets an axis of decades, as a loss wants it */
export function chart(title: string, curves: readonly Curve[], falls = false): string {
  const points = curves
    .flatMap(({ x, y }) => x.map((at, i) => [at, y[i]!] as const))
    .filter(([, y]) => Number.isFinite(y));
  if (points.length === 0) return '';
  const range = (values: readonly number[]): [number, number] =>
    values.reduce<[number, number]>(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const [low, high] = range(points.map(([, y]) => y));
  const decades = falls && low > 0 && high > 10 * low;
  const scale = decades ? logarithmic(low, high) : linear(low, high);
  const last = range(points.map(([x]) => x))[1];
  const steps = linear(0, last);
  const px = (x: number): string => (LEFT + (x / Math.max(1, last)) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const py = (y: number): string => (HEIGHT - BOTTOM - scale.at(y) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const lines = curves.map(({ name, x, y }, index) => {
    const stride = Math.max(1, Math.floor(x.length / POINTS));
    const path = x
      .map((at, i) => [at, y[i]!] as const)
      .filter(([, value], i) => i % stride === 0 && Number.isFinite(value))
      .map(([at, value]) => `${px(at)},${py(value)}`)
      .join(' ');
    return `<polyline class="c${index % 4}" points="${path}"><title>${escaped(name)}</title></polyline>`;
  });
  const legend = curves
    .map(({ name }, index) => `<tspan class="c${index % 4}" dx="12">${escaped(name)}</tspan>`)
    .join('');
  const head = `${title}${decades ? ' · log' : ''}`;
  const rows = scale.ticks.map(
    (tick) =>
      `<path class="grid" d="M${LEFT} ${py(tick)}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${(Number(py(tick)) + 4).toFixed(1)}" text-anchor="end">${shown(tick)}</text>`,
  );
  const columns = steps.ticks
    .filter((tick) => tick <= last)
    .map((tick) => `<text x="${px(tick)}" y="${HEIGHT - 12}" text-anchor="middle">${shown(tick)}</text>`);
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(head)}, by step">
<text x="0" y="16"><tspan class="head">${escaped(head)}</tspan>${curves.length > 1 ? legend : ''}</text>
<text x="${WIDTH - RIGHT}" y="16" text-anchor="end">by step</text>
${rows.join('')}
${columns.join('')}
<path class="axis" d="M${LEFT} ${HEIGHT - BOTTOM}H${WIDTH - RIGHT}"/>
${lines.join('\n')}</svg></figure>`;
}
