/** @file Pointer and keys on the parallel coordinates: hover, brush an axis, move an axis by its title. */
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Parallel } from '../../../src/figures/sweep/parallel';
import { STILL, useGestures, type Drag, type Spot } from '../../shared/gestures';
import type { CurvesModel } from '../model';

/** Width on both sides of an axis on which a drag is a brush, px. */
const hold = 16;
/** px above an axis where its title begins. */
const titles = 6;

/** An axis on its way to another place, px. */
export interface Moving {
  readonly id: string;
  readonly x: number;
}

export function useSweepPointer(
  root: RefObject<HTMLDivElement | null>,
  latest: RefObject<Parallel>,
  model: CurvesModel,
  setMoving: (moving: Moving | undefined) => void,
): void {
  const hover = (hovered: string | undefined): void => {
    if (hovered !== model.cursor.hovered) model.cursor.set({ hovered });
  };
  useGestures(
    root,
    () => ({
      upright: true,
      hover: ({ x, y }) => hover(latest.current?.nearest(x, y)),
      leave: () => hover(undefined),
      press(from, { button }) {
        const drawn = latest.current;
        if (button !== 0 || !drawn) return undefined;
        const id = axisAt(drawn, from);
        if (id === undefined) return undefined;
        return from.y < drawn.top - titles
          ? moving(model, () => latest.current ?? drawn, id, setMoving)
          : brushing(model, () => latest.current ?? drawn, id, from);
      },
    }),
    [model],
  );
  useEffect(() => {
    const element = root.current;
    const key = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') model.patch({ brushes: {} });
    };
    element?.addEventListener('keydown', key);
    return () => element?.removeEventListener('keydown', key);
  }, [model]);
}

/** The axis under a point; among the titles the nearest one. */
function axisAt({ axes, top }: Parallel, { x, y }: Spot): string | undefined {
  const nearest = axes.toSorted((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x))[0];
  return nearest && (y < top || Math.abs(nearest.x - x) <= hold) ? nearest.axis.id : undefined;
}

/** A drag along an axis keeps the runs that go through there; a click keeps all again. */
function brushing(model: CurvesModel, latest: () => Parallel, id: string, from: Spot): Drag {
  const share = (y: number): number => {
    const { top, bottom } = latest();
    return Math.max(0, Math.min(1, (bottom - y) / (bottom - top)));
  };
  const without = (): void => {
    const { [id]: _, ...brushes } = model.state.brushes;
    model.patch({ brushes });
  };
  return {
    along: 'y',
    move({ y }) {
      const [a, b] = [share(from.y), share(y)];
      model.patch({ brushes: { ...model.state.brushes, [id]: [Math.min(a, b), Math.max(a, b)] } });
    },
    drop({ y }) {
      if (Math.abs(y - from.y) <= STILL) without();
    },
    click: without,
  };
}

/** A drag of a title puts its axis elsewhere. */
function moving(
  model: CurvesModel,
  latest: () => Parallel,
  id: string,
  show: (moving: Moving | undefined) => void,
): Drag {
  return {
    along: 'x',
    move: ({ x }) => show({ id, x }),
    drop({ x }) {
      const others = latest().axes.filter(({ axis }) => axis.id !== id);
      const before = others.filter((entry) => entry.x < x).length;
      const order = others.map(({ axis }) => axis.id);
      model.patch({ axisOrder: order.toSpliced(before, 0, id) });
    },
    end: () => show(undefined),
  };
}
