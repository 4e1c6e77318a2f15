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

function handleKey(event: KeyboardEvent, model: ScanModel, target: HTMLElement): boolean {
  const control = event.ctrlKey || event.metaKey;
  const { position, state } = model;
  const { view } = state;
  // The table scrolls with these keys.
  const scrolling = target.matches('.data-scroll, .states-scroll');
  const chosen = /^[1-6]$/.test(event.key) ? views[Number(event.key) - 1] : undefined;
  if (chosen && !control && !event.shiftKey) {
    if (unavailable(model, chosen) === undefined) model.patch({ view: chosen, table: null });
    return true;
  }
  switch (event.key) {
    case 'ArrowLeft':
    case 'ArrowRight': {
      if (scrolling) return false;
      const direction = event.key === 'ArrowLeft' ? -1 : 1;
      if (view === 'order') model.cursor.moveStep(direction * (event.shiftKey ? 8 : 1));
      else if (view === 'training') model.replay.move(direction);
      else if (view === 'attention' && event.shiftKey && state.window)
        model.cursor.pan(state.window, 0, (direction * state.window.size) / 4);
      else if (view === 'attention' && !event.shiftKey && !control) model.cursor.moveSource(direction);
      else if (control) model.cursor.jumpToWrite(direction);
      else model.cursor.moveTo(position + direction * (event.shiftKey ? 8 : 1));
      return true;
    }
    case 'Home':
    case 'End':
      if (control || scrolling) return false;
      model.cursor.moveTo(event.key === 'Home' ? 0 : model.length - 1);
      return true;
    case '[':
    case ']':
      if (model.replay.frames.length === 0) return false;
      model.replay.move(event.key === '[' ? -1 : 1);
      return true;
    case 'm':
    case 'M':
      if (view !== 'kernel' || control) return false;
      model.patch({ mode: state.mode === null ? 0 : state.mode + 1 });
      return true;
    case 'ArrowUp':
    case 'ArrowDown':
      if (control || scrolling || !target.matches('.plot')) return false;
      if (view === 'attention' && event.shiftKey && state.window)
        model.cursor.pan(state.window, ((event.key === 'ArrowUp' ? -1 : 1) * state.window.size) / 4, 0);
      else if (view === 'attention') model.cursor.moveTo(position + (event.key === 'ArrowUp' ? -1 : 1));
      else if (view === 'kernel')
        model.chooseChannel(Math.max(0, model.filterChannel + (event.key === 'ArrowUp' ? -1 : 1)));
      else model.cursor.moveChannel(event.key === 'ArrowUp' ? -1 : 1);
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
    case 'd':
    case 'D':
      if (view !== 'sequence' || control || !model.scan?.other) return false;
      model.patch({ direction: state.direction === 'forward' ? 'backward' : 'forward' });
      return true;
    case ',':
      model.playback.changeSpeed(-1);
      return true;
    case '.':
      model.playback.changeSpeed(1);
      return true;
    case '0':
      if (control) return false;
      model.patch(view === 'attention' ? { window: null } : { zoom: null });
      return true;
    case '+':
    case '=':
    case '-':
      if (view !== 'attention' || control) return false;
      model.cursor.zoom(event.key === '-' ? 2 : 0.5);
      return true;
    case 'p':
    case 'P':
      if (view !== 'attention' || control) return false;
      model.pinned.toggle();
      return true;
    case 't':
    case 'T':
      if (control) return false;
      model.patch({ table: state.table === null ? model.firstTable : null });
      return true;
    case 'Escape':
      document.querySelector<HTMLElement>('.bar button, .bar input')?.focus();
      return true;
    default:
      return false;
  }
}
