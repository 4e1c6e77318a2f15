/** @file The theme of the editor as figures see it, read from `--vscode-*` variables by a getter. */
import { contrast, mix, over, parseColour, toHex } from './colour';

export type ThemeKind = 'dark' | 'light' | 'hc-dark' | 'hc-light';

export interface Theme {
  readonly kind: ThemeKind;
  readonly background: string;
  readonly foreground: string;
  /** Secondary text: the description colour where that differs from the foreground. */
  readonly secondary: string;
  /** Hairlines between sections. */
  readonly border: string;
  /** Axes and baselines, drawn opaque. */
  readonly axis: string;
  readonly grid: string;
  /** Data ink of a view with one quantity. */
  readonly data: string;
  readonly focus: string;
  readonly hover: string;
  readonly error: string;
  readonly warning: string;
  readonly fontSize: number;
  readonly fonts: { readonly ui: string; readonly mono: string };
}

export const isHighContrast = (kind: ThemeKind): boolean => kind.startsWith('hc');

/** Value of a CSS variable (`--vscode-…`), `''` when the theme does not set it. */
export type Variables = (name: string) => string;

const defaults: Record<
  ThemeKind,
  { background: string; foreground: string; border: string; data: string; focus: string }
> = {
  dark: {
    background: '#1f1f1f',
    foreground: '#cccccc',
    border: '#2b2b2b',
    data: '#3794ff',
    focus: '#0078d4',
  },
  light: {
    background: '#ffffff',
    foreground: '#3b3b3b',
    border: '#e5e5e5',
    data: '#1a85ff',
    focus: '#005fb8',
  },
  'hc-dark': {
    background: '#000000',
    foreground: '#ffffff',
    border: '#6fc3df',
    data: '#3794ff',
    focus: '#f38518',
  },
  'hc-light': {
    background: '#ffffff',
    foreground: '#292929',
    border: '#0f4a85',
    data: '#1a85ff',
    focus: '#006bbd',
  },
};

/** Builds the theme; colours with alpha are flattened on the background, missing ones get the kind's default. */
export function makeTheme(kind: ThemeKind, variables: Variables): Theme {
  const fallback = defaults[kind];
  const highContrast = isHighContrast(kind);
  const ground = parseColour(variables('--vscode-editor-background')) ?? parseColour(fallback.background)!;
  const background = toHex(ground);
  const read = (names: readonly string[], otherwise: string): string => {
    for (const name of names) {
      const colour = parseColour(variables(`--vscode-${name}`));
      if (colour && colour.a > 0) return toHex(over(colour, ground));
    }
    return otherwise;
  };
  const foreground = read(['foreground', 'editor-foreground'], fallback.foreground);
  const description = read(['descriptionForeground'], foreground);
  // Some themes give descriptions the foreground colour; the hierarchy then needs a colour of ours.
  const secondary = highContrast
    ? foreground
    : description !== foreground && contrast(description, background) >= 4.5
      ? description
      : mix(foreground, background, 0.8);
  const alpha = { dark: [0.35, 0.09], light: [0.45, 0.1], 'hc-dark': [1, 0.25], 'hc-light': [1, 0.25] }[kind];
  const size = Number.parseFloat(variables('--vscode-font-size'));
  return {
    kind,
    background,
    foreground,
    secondary,
    border: read(highContrast ? ['contrastBorder'] : ['panel-border', 'widget-border'], fallback.border),
    axis: mix(foreground, background, alpha[0] as number),
    grid: mix(foreground, background, alpha[1] as number),
    data: read(['charts-blue'], fallback.data),
    focus: read(highContrast ? ['contrastActiveBorder', 'focusBorder'] : ['focusBorder'], fallback.focus),
    hover: read(['list-hoverBackground'], mix(foreground, background, 0.08)),
    error: read(['errorForeground'], '#f14c4c'),
    warning: read(['charts-yellow', 'editorWarning-foreground'], '#cca700'),
    fontSize: Number.isFinite(size) && size > 0 ? size : 13,
    fonts: {
      ui: variables('--vscode-font-family') || 'system-ui, sans-serif',
      mono: variables('--vscode-editor-font-family') || 'monospace',
    },
  };
}

/** Black on white with the light palette, for figures that leave the editor. */
export function printTheme(fonts: Theme['fonts']): Theme {
  return {
    ...makeTheme('light', (name) => (name === '--vscode-foreground' ? '#1a1a1a' : '')),
    fonts,
  };
}
