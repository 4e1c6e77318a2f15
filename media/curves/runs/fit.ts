/** @file Which columns of the run table have room. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Column } from './column';

/** Columns of the highest ranks give way one after the other until the table is no wider than the element around it. */
export function useFitting(
  all: readonly Column[],
  width: number,
): { scroller: RefObject<HTMLDivElement | null>; columns: Column[] } {
  const scroller = useRef<HTMLDivElement>(null);
  const [dropped, setDropped] = useState(0);
  const places = all.map((column) => column.rank).sort((a, b) => b - a);
  const limit = dropped === 0 ? Infinity : (places[dropped - 1] as number);
  const shape = `${width} ${all.map((column) => column.key).join(' ')}`;
  useLayoutEffect(() => setDropped(0), [shape]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || dropped >= all.length || (places[dropped] ?? 0) === 0) return;
    if (element.scrollWidth > element.clientWidth + 1) setDropped(dropped + 1);
  });
  return { scroller, columns: all.filter((column) => column.rank < limit || column.rank === 0) };
}
