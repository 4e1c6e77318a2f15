/** @file Short words for the mixers of a stack. The config's own list stays in the keys, for the filter. */

/** Between the mixers of `keys.mixer`. */
export const between = ' · ';

/** Longest list of mixers that is said as it is. */
const short = 24;

const stretches = (names: readonly string[]): string => {
  const parts: string[] = [];
  for (let i = 0; i < names.length;) {
    let end = i + 1;
    while (names[end] === names[i]) end++;
    parts.push(end - i > 1 ? `${names[i]} ×${end - i}` : names[i]!);
    i = end;
  }
  return parts.join(between);
};

/** The fewest layers that, repeated, give all. */
function period(names: readonly string[]): number {
  for (let p = 1; p <= names.length / 2; p++)
    if (names.length % p === 0 && names.every((name, i) => name === names[i % p])) return p;
  return names.length;
}

/**
 * `(mamba2 ×5 · attention) ×8` for 48 layers that repeat, `mamba2 ×3 · attention · mamba2 ×2` for few stretches, and
 * for any other stack how many there are of each: `mamba2 ×42, attention ×6`.
 * @param list mixers of all layers, as in `keys.mixer`
 */
export function mixerName(list: string): string {
  if (list.length <= short) return list;
  const names = list.split(between);
  const every = period(names);
  const times = names.length / every;
  const pattern = stretches(names.slice(0, every));
  const repeated = times === 1 ? pattern : every === 1 ? `${names[0]} ×${times}` : `(${pattern}) ×${times}`;
  if (repeated.length <= 2 * short) return repeated;
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count > 1 ? `${name} ×${count}` : name)).join(', ');
}
