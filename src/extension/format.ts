/** @file Numbers and durations as people read them. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,120`. */
export const count = (n: number): string => whole.format(n);

/** `1.96`, `0.0187`, `5.6e−4`: three significant digits. */
export function quantity(x: number): string {
  if (!Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [mantissa, exponent] = x.toExponential(1).split('e');
    return `${mantissa}e${exponent?.replace('-', '−').replace('+', '')}`;
  }
  return size >= 1000 ? count(x) : x.toPrecision(3);
}

/** `98.4 %`; never rounded up to 100. */
export const percent = (x: number): string =>
  x === 1 ? '100 %' : `${(Math.floor(x * 1000 + 1e-9) / 10).toFixed(1)} %`;

/** `3 s`, `2 min 5 s`, `1 h 3 min`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 === 0 ? `${s / 60} min` : `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
