/** @file One live region; at most one sentence in ten seconds unless the user asked for it. */
let region: HTMLElement | undefined;
let last = 0;

/** `asked` is true for an answer to a key press, which is spoken at once. */
export function announce(sentence: string, asked = false): void {
  const now = Date.now();
  if (!asked && now - last < 10_000) return;
  last = now;
  if (!region) {
    region = document.createElement('div');
    region.className = 'sr-only';
    region.setAttribute('aria-live', 'polite');
    region.setAttribute('role', 'status');
    document.body.append(region);
  }
  region.textContent = sentence;
}
