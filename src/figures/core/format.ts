/** @file Numbers as the views print them: three significant digits, true minus sign, no invented precision. */

const minus = '−';
/** No line break between number and unit. */
const space = '\u00a0';

const signed = (text: string): string => text.replace(/-/g, minus);

/** Thousands apart by commas. */
export function integer(value: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  return signed(
    Math.round(value)
      .toString()
      .replace(/\B(?=(\d{3})+(?!\d))/g, ','),
  );
}

function notFinite(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '∞' : `${minus}∞`;
}

/** Three significant digits: `0.00135`, `2.67`, `46.6`, `12,900`, `5.60e−4`; `–` for undefined. */
export function number3(value: number | undefined): string {
  if (value === undefined) return '–';
  if (!Number.isFinite(value)) return notFinite(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) {
    const [digits, power] = value.toExponential(2).split('e') as [string, string];
    return signed(`${digits}e${Number(power)}`);
  }
  const rounded = Number(value.toPrecision(3));
  if (Math.abs(rounded) >= 1000) return integer(rounded);
  return signed(value.toPrecision(3).includes('e') ? String(rounded) : value.toPrecision(3));
}

/** A fixed number of decimals, for columns that line up. */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const text = value.toFixed(decimals);
  return signed(Number(text) === 0 ? text.replace('-', '') : text);
}

/** A share; 100 % says that it is all of it, and is not rounded up to. */
export function percent(share: number | undefined, decimals = 1): string {
  if (share === undefined) return '–';
  const steps = 10 ** decimals;
  const almost = share < 1 - 1e-9 && Math.round(share * 100 * steps) === 100 * steps;
  return `${almost ? fixed(100 - 1 / steps, decimals) : fixed(share * 100, decimals)}${space}%`;
}

/** `97.5k`, `1.2M`: axis numbers of large quantities. */
export function short(value: number): string {
  const size = Math.abs(value);
  for (const [unit, letter] of [
    [1e15, 'P'],
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (size >= unit) return signed(`${Number((value / unit).toPrecision(3))}${letter}`);
  }
  return signed(String(Number(value.toPrecision(3))));
}

/** `8 s`, `5 min 12 s`, `2 h 3 min`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return '–';
  if (seconds < 10) return `${fixed(seconds, 1)}${space}s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s}${space}s`;
  if (s < 3600) return `${Math.floor(s / 60)}${space}min${s % 60 ? ` ${s % 60}${space}s` : ''}`;
  return `${Math.floor(s / 3600)}${space}h ${Math.floor((s % 3600) / 60)}${space}min`;
}

/** Value of a config key as people write it: `5e-4`, not 0.0005. */
export function configValue(value: unknown): string {
  if (typeof value === 'number') {
    const size = Math.abs(value);
    if (value !== 0 && (size < 1e-2 || size >= 1e6)) {
      const text = value.toExponential();
      return signed(text.replace('e+', 'e'));
    }
    return Number.isInteger(value) ? signed(String(value)) : signed(String(value));
  }
  if (value === undefined || value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whitespace and control characters made visible, for tokens. */
export function visible(token: string): string {
  if (token === ' ') return '␣';
  return token
    .replace(/\r?\n/g, '↵')
    .replace(/\t/g, '⇥')
    .replace(/ /g, '␣')
    .replace(/\p{Cc}/gu, '·');
}
