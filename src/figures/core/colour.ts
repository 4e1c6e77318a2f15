/**
 * @file Colours as CSS writes them, contrast after WCAG 2, and OKLab (Ottosson, 2020, bottosson.github.io/posts/oklab)
 * for mixing and for moving lightness.
 */

/** Red, green, blue and alpha, 0 … 255 and 0 … 1. */
export interface Rgba {
  readonly r: number;
  readonly g: number;
  readonly b: number;
  readonly a: number;
}

/** Reads `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb()` and `rgba()`; undefined for anything else. */
export function parseColour(text: string): Rgba | undefined {
  const value = text.trim().toLowerCase();
  const hex = /^#([0-9a-f]{3,8})$/.exec(value)?.[1];
  if (hex) {
    if (hex.length === 3 || hex.length === 4) {
      const [r, g, b, a] = [...hex].map((digit) => Number.parseInt(digit + digit, 16));
      return { r: r as number, g: g as number, b: b as number, a: (a ?? 255) / 255 };
    }
    if (hex.length === 6 || hex.length === 8) {
      const [r, g, b, a] = [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2) || 'ff', 16));
      return { r: r as number, g: g as number, b: b as number, a: (a as number) / 255 };
    }
    return undefined;
  }
  const parts = /^rgba?\(([^)]*)\)$/
    .exec(value)?.[1]
    ?.split(/[\s,/]+/)
    .filter(Boolean);
  if (!parts || parts.length < 3) return undefined;
  const numbers = parts.map((part) =>
    part.endsWith('%') ? Number.parseFloat(part) / 100 : Number.parseFloat(part),
  );
  if (numbers.some(Number.isNaN)) return undefined;
  const [r, g, b, a] = numbers;
  return { r: r as number, g: g as number, b: b as number, a: a ?? 1 };
}

const byte = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

export function toHex({ r, g, b }: Rgba): string {
  return `#${[r, g, b].map((value) => byte(value).toString(16).padStart(2, '0')).join('')}`;
}

/** `top` laid over an opaque `ground`. */
export function over(top: Rgba, ground: Rgba): Rgba {
  const mix = (a: number, b: number): number => a * top.a + b * (1 - top.a);
  return { r: mix(top.r, ground.r), g: mix(top.g, ground.g), b: mix(top.b, ground.b), a: 1 };
}

/** `share` of `a` and the rest of `b`, in sRGB as CSS and alpha blending do. */
export function mix(a: string, b: string, share: number): string {
  const x = parseColour(a);
  const y = parseColour(b);
  if (!x || !y) return a;
  return toHex(over({ ...x, a: share }, y));
}

const linear = (value: number): number => {
  const x = value / 255;
  return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
};
const gamma = (x: number): number => 255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);

/** Relative luminance, 0 … 1. */
export function luminance({ r, g, b }: Rgba): number {
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** Contrast ratio of two opaque colours, 1 … 21. */
export function contrast(a: string, b: string): number {
  const x = parseColour(a);
  const y = parseColour(b);
  if (!x || !y) return 21;
  const [high, low] = [luminance(x), luminance(y)].sort((p, q) => q - p) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

export type Lab = readonly [L: number, a: number, b: number];

export function toOklab({ r, g, b }: Rgba): Lab {
  const [x, y, z] = [linear(r), linear(g), linear(b)];
  const l = Math.cbrt(0.4122214708 * x + 0.5363325363 * y + 0.0514459929 * z);
  const m = Math.cbrt(0.2119034982 * x + 0.6806995451 * y + 0.1073969566 * z);
  const s = Math.cbrt(0.0883024619 * x + 0.2817188376 * y + 0.6299787005 * z);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

export function fromOklab([L, a, b]: Lab): Rgba {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return {
    r: gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    g: gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    b: gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
    a: 1,
  };
}

/**
 * `colour` with its OKLab lightness moved away from `ground` until the contrast is at least `ratio`;
 * unchanged where it already is.
 */
export function withContrast(colour: string, ground: string, ratio: number): string {
  const start = parseColour(colour);
  const back = parseColour(ground);
  if (!start || !back || contrast(colour, ground) >= ratio) return colour;
  const direction = luminance(back) < 0.18 ? 1 : -1;
  const [L, a, b] = toOklab(start);
  for (let step = 1; step <= 100; step++) {
    const lightness = L + direction * step * 0.01;
    if (lightness < 0 || lightness > 1) break;
    const candidate = toHex(fromOklab([lightness, a, b]));
    if (contrast(candidate, ground) >= ratio) return candidate;
  }
  return direction > 0 ? '#ffffff' : '#000000';
}
