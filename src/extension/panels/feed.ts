/** @file What the Curves panel has not seen yet of its runs, as messages of bounded size. Knows nothing of the editor. */
import { packColumn, type PackedColumn } from '../../protocol/columns';
import type { Rows } from '../../protocol/view-curves';

/** What the feed reads: the part of a `RunReader` that it needs. */
export interface FeedSource {
  /** Changes when rows that were there are gone. */
  readonly generation: number;
  readonly tables: ReadonlyMap<
    string,
    {
      readonly length: number;
      readonly names: readonly string[];
      column(name: string): Float64Array | undefined;
    }
  >;
  readonly events: readonly {
    readonly step: number;
    readonly event: string;
    readonly [key: string]: unknown;
  }[];
}

interface Seen {
  generation: number;
  readonly lengths: Map<string, number>;
  events: number;
}

/** Rows in one message: four columns of 8 bytes, the others being evenly spaced, make 6 MB. */
const rowsPerMessage = 200_000;

const note = (event: FeedSource['events'][number]): string | undefined => {
  const { message } = event;
  if (typeof message === 'string') return message.length > 60 ? `${message.slice(0, 57)}…` : message;
  return undefined;
};

export class Feed {
  private readonly seen = new Map<string, Seen>();

  /** Everything will be told again: the page was loaded anew. */
  forget(): void {
    this.seen.clear();
  }

  /**
   * The next message's worth of new rows over all runs.
   * @returns the rows, and how many more wait
   */
  take(sources: ReadonlyMap<string, FeedSource>): { runs: Rows[]; pending: number } {
    const runs: Rows[] = [];
    let room = rowsPerMessage;
    let pending = 0;
    // A run that was deleted and made anew is told from its start.
    for (const id of this.seen.keys()) if (!sources.has(id)) this.seen.delete(id);
    for (const [id, source] of sources) {
      const first = !this.seen.has(id);
      const seen: Seen = this.seen.get(id) ?? {
        generation: source.generation,
        lengths: new Map(),
        events: 0,
      };
      const reset = first || seen.generation !== source.generation;
      if (reset) {
        seen.generation = source.generation;
        seen.lengths.clear();
        seen.events = 0;
      }
      this.seen.set(id, seen);
      const tables: Rows['tables'] = {};
      for (const [name, table] of source.tables) {
        const from = seen.lengths.get(name) ?? 0;
        const to = Math.min(table.length, from + room);
        pending += table.length - to;
        if (to <= from) continue;
        room -= to - from;
        seen.lengths.set(name, to);
        const columns: Record<string, PackedColumn> = {};
        for (const column of table.names) columns[column] = packColumn(table.column(column)!, from, to);
        tables[name] = { count: to - from, columns };
      }
      const told = source.events.length !== seen.events;
      if (!reset && !told && Object.keys(tables).length === 0) continue;
      seen.events = source.events.length;
      const events = source.events.map((event) => {
        const words = note(event);
        return { step: event.step, event: event.event, ...(words === undefined ? {} : { note: words }) };
      });
      runs.push({ id, reset, tables, ...(told || reset ? { events } : {}) });
    }
    return { runs, pending };
  }
}
