/**
 * @file What the calendar says about a time stamp, from −½ to ½: the time features of Informer (Zhou et al., 2021,
 * utils/timefeatures.py), which the loaders of S-Mamba and SpaceTime took over.
 */

/** A moment as it is written, whatever its time zone. */
export interface Moment {
  /** Milliseconds, as if the stamp were in UTC. */
  readonly at: number;
  readonly date: Date;
}

const DAY = 24 * 3600 * 1000;

const dayOfYear = (date: Date): number => {
  const start = Date.UTC(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start) / DAY);
};

/** Each counts from 0 to the second number. */
const FEATURES = {
  minute: [(date: Date) => date.getUTCMinutes(), 59],
  hour: [(date: Date) => date.getUTCHours(), 23],
  // Monday is 0.
  day_of_week: [(date: Date) => (date.getUTCDay() + 6) % 7, 6],
  day_of_month: [(date: Date) => date.getUTCDate() - 1, 30],
  day_of_year: [dayOfYear, 365],
  month: [(date: Date) => date.getUTCMonth(), 11],
} as const;

export type CalendarFeature = keyof typeof FEATURES;
export const CALENDAR_FEATURES = Object.keys(FEATURES) as [CalendarFeature, ...CalendarFeature[]];

export function calendarOf({ date }: Moment, features: readonly CalendarFeature[]): number[] {
  return features.map((name) => {
    const [count, most] = FEATURES[name];
    return count(date) / most - 0.5;
  });
}

const STAMP =
  /^(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** A year, a month and as much more as is written (2016-07-01 08:00:00); undefined where there is no such time. */
export function momentOf(text: string): Moment | undefined {
  const found = STAMP.exec(text.trim());
  if (!found) return undefined;
  const [year, month, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map((part: string | undefined) => (part === undefined ? undefined : Number(part))) as [number, number];
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(at);
  // The 31st of a month of thirty days would be the 1st of the next.
  const meant = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour;
  return meant && minute < 60 && second < 60 ? { at, date } : undefined;
}
