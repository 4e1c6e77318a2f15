/**
 * @file What a run has logged, as growing columns: one table per kind of row (`train`, `eval/<split>`), each with its own
 * step column, so that further metrics need no change here.
 */
import { unpackColumn, type PackedColumn } from '../../protocol/columns';
import { Column } from './column';

export type XAxis = 'step' | 'time' | 'tokens' | 'flops';

/** Column of a train table that an x axis reads. */
export const xColumn: Record<XAxis, string> = {
  step: 'step',
  time: 'seconds',
  tokens: 'tokens',
  flops: 'flops',
};

/** Columns by name; all have the same length. */
export class Table {
  readonly columns = new Map<string, Column>();
  length = 0;

  /** Appends rows, whose arrays are the table's from now on; a column that was or is missing holds NaN there. */
  append(rows: Readonly<Record<string, PackedColumn | readonly number[]>>, count: number): void {
    for (const name of Object.keys(rows)) {
      if (!this.columns.has(name)) {
        const column = new Column(this.length === 0 ? 0 : this.length + count);
        column.resize(this.length);
        column.data.fill(Number.NaN, 0, this.length);
        this.columns.set(name, column);
      }
    }
    for (const [name, column] of this.columns) {
      const values = rows[name];
      if (values) column.append('length' in values ? values : unpackColumn(values, count));
      else {
        column.resize(this.length + count);
        column.data.fill(Number.NaN, this.length, this.length + count);
      }
    }
    this.length += count;
  }

  column(name: string): Column | undefined {
    return this.columns.get(name);
  }
}

/** Something that happened at a step. */
export interface RunEvent {
  readonly step: number;
  readonly event: string;
  /** What the note says, where the event has more to tell than its name. */
  readonly note?: string;
}

export class RunData {
  readonly tables = new Map<string, Table>();
  events: readonly RunEvent[] = [];
  /** Counts resets, so that what was computed from earlier rows is thrown away. */
  generation = 0;

  table(name: string): Table | undefined {
    return this.tables.get(name);
  }

  ensure(name: string): Table {
    let table = this.tables.get(name);
    if (!table) this.tables.set(name, (table = new Table()));
    return table;
  }

  /** Forgets all rows, when a resume dropped some of them. */
  reset(): void {
    this.tables.clear();
    this.events = [];
    this.generation++;
  }

  get lastStep(): number | undefined {
    return this.table('train')?.column('step')?.last();
  }

  /** Position on `axis` of a step: its own value, or what the train rows say about it. */
  positionOf(step: number, axis: XAxis): number {
    if (axis === 'step') return step;
    const train = this.table('train');
    const steps = train?.column('step');
    const xs = train?.column(xColumn[axis]);
    if (!steps || !xs || steps.length === 0) return Number.NaN;
    let low = 0;
    let high = steps.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((steps.data[middle] as number) < step) low = middle + 1;
      else high = middle;
    }
    return xs.at(low);
  }
}
