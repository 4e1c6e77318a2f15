/** @file Whether the user wants less motion: of the editor's setting, or of the system's. */

export const reducedMotion = (): boolean =>
  document.body.classList.contains('vscode-reduce-motion') ||
  window.matchMedia('(prefers-reduced-motion: reduce)').matches;
