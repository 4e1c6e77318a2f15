/**
 * @file The ink of tokens: none for what was certain, growing with −log₂ p. Classes of a stylesheet of our own, so that
 * a change of theme repaints thousands of tokens at once.
 */
import { colourMap, mapColour } from '../../src/figures/core/colormap';
import { contrast } from '../../src/figures/core/colour';
import type { Theme } from '../../src/figures/core/theme';

/** Steps between no ink and all. */
const STEPS = 32;
/** Bits at which the ink is full: a probability of about 0.001. */
export const FULL_BITS = 10;

export const inkClass = (bits: number): string =>
  `p${Math.round((Math.min(FULL_BITS, Math.max(0, bits)) / FULL_BITS) * STEPS)}`;

const sheet = new CSSStyleSheet();

export function publishInk(theme: Theme): void {
  if (!document.adoptedStyleSheets.includes(sheet))
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const map = colourMap(theme, false);
  const rules = Array.from({ length: STEPS + 1 }, (_, step) => {
    const back = mapColour(map, step, STEPS, 'linear');
    return `.inked .p${step}, .scale .p${step} { background: ${back}; color: ${readable(back, theme)}; }`;
  });
  sheet.replaceSync(rules.join('\n'));
}

/** The text colour where it can be read, else black or white. */
function readable(back: string, { foreground }: Theme): string {
  if (contrast(foreground, back) >= 4.5) return foreground;
  return contrast('#ffffff', back) > contrast('#000000', back) ? '#ffffff' : '#000000';
}
