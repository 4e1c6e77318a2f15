/** @file Follows the editor's theme: variables are read again when the body's class or the root's style changes. */
import { colourMap, mapColour } from '../../src/figures/core/colormap';
import { makeTheme, type Theme, type ThemeKind } from '../../src/figures/core/theme';

function kind(): ThemeKind {
  const { classList } = document.body;
  if (classList.contains('vscode-high-contrast-light')) return 'hc-light';
  if (classList.contains('vscode-high-contrast')) return 'hc-dark';
  return classList.contains('vscode-light') ? 'light' : 'dark';
}

export function currentTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  return makeTheme(kind(), (name) => style.getPropertyValue(name).trim());
}

/** Colours that stylesheets need and that no variable of the editor holds. */
const sheet = new CSSStyleSheet();
function publish(theme: Theme): void {
  const signed = colourMap(theme, true);
  sheet.replaceSync(
    `:root { --ssm-background: ${theme.background}; --ssm-foreground: ${theme.foreground};` +
      ` --ssm-secondary: ${theme.secondary}; --ssm-border: ${theme.border}; --ssm-axis: ${theme.axis};` +
      ` --ssm-grid: ${theme.grid}; --ssm-focus: ${theme.focus}; --ssm-error: ${theme.error}; --ssm-warning: ${theme.warning};` +
      ` --ssm-positive: ${mapColour(signed, 0.55, 1)}; --ssm-negative: ${mapColour(signed, -0.55, 1)}; }`,
  );
}

/** Calls back now and whenever the theme changes. */
export function followTheme(listener: (theme: Theme) => void): void {
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const update = (): void => {
    const theme = currentTheme();
    publish(theme);
    listener(theme);
  };
  update();
  let pending = false;
  const observer = new MutationObserver(() => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      update();
    });
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
}
