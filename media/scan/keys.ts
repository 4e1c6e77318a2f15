/** @file The keys of all views. */
import { useEffect } from 'preact/hooks';
import { views } from '../../src/protocol/view-scan';
import { unavailable } from './available';
import type { ScanModel } from './model';

export function useKeys(model: ScanModel): void {
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.altKey || target.matches('textarea, [role^=menuitem]') || takes(target, event.key)) return;
      if (handleKey(event, model, target)) event.preventDefault();
    };
    document.addEventListener('keydown', key);
    return () => document.removeEventListener('keydown', key);
  }, [model]);
}

/** Whether a control needs the key itself: what moves a switch or a slider, all of a field. */
const takes = (target: HTMLElement, key: string): boolean =>
  target.matches('input[type=radio], input[type=checkbox], input[type=range]')
    ? /^(Arrow|Page|Home|End|Tab| |Enter)/.test(key)
    : target.matches('input, select');

/** @returns whether the key means something here */
function handleKey(event: KeyboardEvent, model: ScanModel, target: HTMLElement): boolean {
  const control = event.ctrlKey || event.metaKey;
  // The table scrolls with these keys.
  const scrolling = target.matches('.data-scroll, .states-scroll');
  const chosen = /^[1-6]$/.test(event.key) ? views[Number(event.key) - 1] : undefined;
  if (chosen && !control && !event.shiftKey) {
    if (unavailable(model, chosen) === undefined) model.patch({ view: chosen, table: null });
    return true;
  }
  switch (event.key) {
    case 'ArrowLeft':
    case 'ArrowRight':
      if (scrolling) return false;
      sideways(model, event.key === 'ArrowLeft' ? -1 : 1, event.shiftKey, control);
      return true;
    case 'ArrowUp':
    case 'ArrowDown':
      if (control || scrolling || !target.matches('.plot')) return false;
      upAndDown(model, event.key === 'ArrowUp' ? -1 : 1, event.shiftKey);
      return true;
    case 'Home':
    case 'End':
      if (control || scrolling) return false;
      model.cursor.moveTo(event.key === 'Home' ? 0 : model.length - 1);
      return true;
    case 'PageUp':
    case 'PageDown':
      if (scrolling) return false;
      model.cursor.moveLayer(event.key === 'PageUp' ? -1 : 1);
      return true;
    case ' ':
      if (target.matches('button, a')) return false;
      model.playback.toggle();
      return true;
    case ',':
      model.playback.changeSpeed(-1);
      return true;
    case '.':
      model.playback.changeSpeed(1);
      return true;
    case 'Escape':
      document.querySelector<HTMLElement>('.bar button, .bar input')?.focus();
      return true;
    case '[':
    case ']':
      if (model.replay.frames.length === 0) return false;
      model.replay.move(event.key === '[' ? -1 : 1);
      return true;
    default:
      return !control && handleSign(event.key.toLowerCase(), model);
  }
}

/** What letters, digits and signs do in the views that they belong to; not with Ctrl or ⌘, which is the editor's. */
function handleSign(key: string, model: ScanModel): boolean {
  const { state } = model;
  const { view } = state;
  switch (key) {
    case 'm':
      if (view !== 'kernel') return false;
      model.patch({ mode: state.mode === null ? 0 : state.mode + 1 });
      return true;
    case 'd':
      if (view !== 'sequence' || !model.scan?.other) return false;
      model.patch({ direction: state.direction === 'forward' ? 'backward' : 'forward' });
      return true;
    case '0':
      model.patch(view === 'attention' ? { window: null } : { zoom: null });
      return true;
    case '+':
    case '=':
    case '-':
      if (view !== 'attention') return false;
      model.cursor.zoom(key === '-' ? 2 : 0.5);
      return true;
    case 'p':
      if (view !== 'attention') return false;
      model.pinned.toggle();
      return true;
    case 't':
      model.patch({ table: state.table === null ? model.firstTable : null });
      return true;
    default:
      return false;
  }
}

/** What the view has from left to right: tokens, steps, probes of training, the part of a matrix. */
function sideways(model: ScanModel, direction: 1 | -1, shift: boolean, control: boolean): void {
  const { cursor, position, state } = model;
  const { view, window } = state;
  const far = shift ? 8 : 1;
  if (view === 'order') cursor.moveStep(direction * far);
  else if (view === 'training') model.replay.move(direction);
  else if (view === 'attention' && shift && window) cursor.pan(window, 0, (direction * window.size) / 4);
  else if (view === 'attention' && !shift && !control) cursor.moveSource(direction);
  else if (control) cursor.jumpToWrite(direction);
  else cursor.moveTo(position + direction * far);
}

/** What the view has from above to below: tokens that read, channels, the part of a matrix. */
function upAndDown(model: ScanModel, direction: 1 | -1, shift: boolean): void {
  const { cursor, position, state } = model;
  const { view, window } = state;
  if (view === 'attention' && shift && window) cursor.pan(window, (direction * window.size) / 4, 0);
  else if (view === 'attention') cursor.moveTo(position + direction);
  else if (view === 'kernel') model.chooseChannel(Math.max(0, model.filterChannel + direction));
  else cursor.moveChannel(direction);
}
