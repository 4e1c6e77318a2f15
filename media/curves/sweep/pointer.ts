/** @file Pointer and keys on the parallel coordinates: hover, brush an axis, move an axis by its title. */
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Parallel } from '../../../src/figures/sweep/parallel';
import type { CurvesModel } from '../model';

/** Width on both sides of an axis on which a drag is a brush, px. */
const hold = 16;
/** A drag shorter than this is a click. */
const click = 4;

export function useSweepPointer(
  root: RefObject<HTMLDivElement | null>,
  latest: RefObject<Parallel>,
  model: CurvesModel,
  setMoving: (moving: { id: string; x: number } | undefined) => void,
): void {
  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    let drag: { kind: 'brush' | 'move'; id: string; from: number; x: number } | undefined;
    const at = (event: PointerEvent): { x: number; y: number } => {
      const box = element.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const axisAt = (x: number): string | undefined =>
      latest.current?.axes.find((entry) => Math.abs(entry.x - x) <= hold)?.axis.id;
    const place = (y: number): number => {
      const { top, bottom } = latest.current!;
      return Math.max(0, Math.min(1, (bottom - y) / (bottom - top)));
    };
    const brush = (id: string, range: readonly [number, number] | undefined): void => {
      const brushes = { ...model.state.brushes };
      if (range) brushes[id] = [range[0], range[1]];
      else delete brushes[id];
      model.patch({ brushes });
    };
    const down = (event: PointerEvent): void => {
      if (event.button !== 0 || !latest.current) return;
      const { x, y } = at(event);
      const id = axisAt(x) ?? (y < latest.current.top ? titleAt(latest.current, x) : undefined);
      if (id === undefined) return;
      drag = { kind: y < latest.current.top - 6 ? 'move' : 'brush', id, from: y, x };
      element.setPointerCapture(event.pointerId);
      event.preventDefault();
      element.focus();
    };
    const move = (event: PointerEvent): void => {
      const { x, y } = at(event);
      if (!drag) {
        const hovered = latest.current?.nearest(x, y);
        if (hovered !== model.cursor.hovered) model.cursor.set({ hovered });
        return;
      }
      if (drag.kind === 'move') setMoving({ id: drag.id, x });
      else if (Math.abs(y - drag.from) >= click) {
        const [a, b] = [place(drag.from), place(y)];
        brush(drag.id, [Math.min(a, b), Math.max(a, b)]);
      }
    };
    const up = (event: PointerEvent): void => {
      if (!drag) return;
      const { x, y } = at(event);
      const { kind, id, from } = drag;
      drag = undefined;
      if (kind === 'move') {
        setMoving(undefined);
        const others = latest.current!.axes.filter(({ axis }) => axis.id !== id);
        const before = others.filter((entry) => entry.x < x).length;
        const order = others.map(({ axis }) => axis.id);
        order.splice(before, 0, id);
        model.patch({ axisOrder: order });
      } else if (Math.abs(y - from) < click) brush(id, undefined);
    };
    const leave = (): void => {
      if (!drag && model.cursor.hovered !== undefined) model.cursor.set({ hovered: undefined });
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      model.patch({ brushes: {} });
    };
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointerleave', leave);
    element.addEventListener('keydown', key);
    return () => {
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointerleave', leave);
      element.removeEventListener('keydown', key);
    };
  }, [model]);
}

/** The axis whose title a point is on: the nearest one. */
function titleAt({ axes }: Parallel, x: number): string | undefined {
  return axes.toSorted((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x))[0]?.axis.id;
}
