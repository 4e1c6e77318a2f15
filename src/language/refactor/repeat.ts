/** @file Neighbouring equal layers → one with `repeat`. */
import { isFlow, scalarText, toPlain, type Fix, type ListNode, type MapNode } from '../../config';
import { columnOf, lineEnd, lineStart } from './lines';

/** One repair per run of at least two equal neighbours of a list of layers that is written in one file. */
export function joinRepeats(list: ListNode): { readonly fixes: readonly Fix[]; readonly at: number }[] {
  const groups: { fixes: Fix[]; at: number }[] = [];
  for (let first = 0; first < list.items.length;) {
    const head = list.items[first];
    let next = first + 1;
    while (isSame(head, list.items[next])) next++;
    const run = list.items.slice(first, next);
    if (run.length > 1 && run.every((item): item is MapNode => item.kind === 'map' && isOwn(item, list))) {
      const fixes = join(run as MapNode[]);
      if (fixes) groups.push({ fixes, at: run[0]!.where.start });
    }
    first = next;
  }
  return groups;
}

type Item = ListNode['items'][number] | undefined;

const isSame = (a: Item, b: Item): boolean =>
  a !== undefined && b !== undefined && JSON.stringify(toPlain(a)) === JSON.stringify(toPlain(b));

/** Items that an alias brings are written elsewhere. */
const isOwn = (item: MapNode, list: ListNode): boolean =>
  item.where.source === list.where.source &&
  item.where.start >= list.where.start &&
  item.where.end <= list.where.end;

function join(run: readonly MapNode[]): Fix[] | undefined {
  const [head] = run as [MapNode];
  const last = run[run.length - 1] as MapNode;
  const { source } = head.where;
  const { text } = source;
  const written = head.entries.get('repeat');
  const before = Number(scalarText(written?.node) ?? 1);
  if (!Number.isInteger(before)) return undefined;
  const title = `Join ${run.length} equal layers with \`repeat: ${before * run.length}\``;
  const fixes: Fix[] = [];
  const count = String(before * run.length);
  const entries = [...head.entries.values()];
  const end = entries.reduce(
    (latest, { node, keyWhere }) => Math.max(latest, keyWhere.end, node.where.end),
    0,
  );
  if (written)
    fixes.push({ title, start: written.node.where.start, end: written.node.where.end, text: count });
  else if (isFlow(head)) fixes.push({ title, start: end, end, text: `, repeat: ${count}` });
  else {
    const first = entries[0];
    if (!first) return undefined;
    const at = first.keyWhere.start;
    const indent = ' '.repeat(columnOf(source, at));
    fixes.push({ title, start: at, end: at, text: `repeat: ${count}\n${indent}` });
  }
  // From behind the first item to behind the last: on lines of their own, or between commas.
  const onOwnLines = /^\s*-\s/.test(text.slice(lineStart(text, head.where.start)));
  const from = onOwnLines ? lineEnd(text, head.where.end) : head.where.end;
  const to = onOwnLines ? lineEnd(text, last.where.end) : last.where.end;
  if (
    onOwnLines &&
    run.some((item) => !/^\s*-\s+$/.test(text.slice(lineStart(text, item.where.start), item.where.start)))
  )
    return undefined;
  fixes.push({ title, start: from, end: to, text: '' });
  return fixes;
}
