/** @file Which of several things in a file is meant. */
import { DataError } from '../define';

/**
 * @param object the name that the config gives; needed unless there is one thing only
 * @param what the things are called
 * @throws DataError at `object` that says what there is
 */
export function chosen(
  names: readonly string[],
  object: string | undefined,
  path: string,
  what = 'objects',
): string {
  if (object !== undefined && names.includes(object)) return object;
  if (object === undefined && names.length === 1) return names[0]!;
  const some = names.slice(0, 12).join(', ') + (names.length > 12 ? ', …' : '');
  const problem =
    object === undefined
      ? `${names.length} ${what}; name one as \`object\``
      : `no ${what.slice(0, -1)} ${object}`;
  throw new DataError(`${path} has ${problem}: it has ${some || 'none'}.`, ['object']);
}
