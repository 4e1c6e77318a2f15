/** @file What the host has told: which runs there are, and their rows as far as they have come. */
import type { Rows, RunMeta, ToCurves } from '../../src/protocol/view-curves';
import { RunData } from '../../src/figures/curves/data';
import { groupRuns, type RunGroup } from '../../src/figures/curves/groups';

type Message<T extends ToCurves['type']> = Extract<ToCurves, { type: T }>;

export class Told {
  runs: readonly RunMeta[] = [];
  groups: readonly RunGroup[] = [];
  trainable: string | undefined;
  /** False until the host has told which runs there are. */
  loaded = false;
  /** Rows on disk that are still on their way. */
  pending = 0;
  /** Difference of the host's clock and ours, ms. */
  private clockOffset = 0;
  private readonly data = new Map<string, RunData>();
  /** When rows of a run last came, by the host's clock. */
  private readonly rowsAt = new Map<string, number>();
  private readonly known = new Set<string>();

  takeRuns(message: Message<'runs'>): void {
    this.clockOffset = message.now - Date.now();
    this.runs = message.runs;
    this.groups = groupRuns(message.runs);
    this.trainable = message.trainable;
    this.loaded = true;
    const ids = new Set(message.runs.map((run) => run.id));
    for (const id of this.data.keys()) if (!ids.has(id)) this.data.delete(id);
  }

  takeRows(message: Message<'rows'>): void {
    this.clockOffset = message.now - Date.now();
    this.pending = message.pending;
    for (const rows of message.runs) {
      this.append(rows);
      // The first rows are old ones; the run's own time of writing is nearer to the truth.
      if (this.known.has(rows.id)) this.rowsAt.set(rows.id, message.now);
      else this.known.add(rows.id);
    }
  }

  private append(rows: Rows): void {
    const data = this.dataOf(rows.id);
    if (rows.reset) data.reset();
    for (const [name, table] of Object.entries(rows.tables))
      data.ensure(name).append(table.columns, table.count);
    if (rows.events) data.events = rows.events;
  }

  dataOf(id: string): RunData {
    let data = this.data.get(id);
    if (!data) this.data.set(id, (data = new RunData()));
    return data;
  }

  /** Rows of training that have come. */
  rowCount(groups: readonly RunGroup[]): number {
    const runs = groups.flatMap((group) => group.runs);
    return runs.reduce((sum, run) => sum + (this.dataOf(run.id).table('train')?.length ?? 0), 0);
  }

  /** Milliseconds since the newest row of a live run came. */
  age(): number | undefined {
    const times = this.runs
      .filter((run) => run.status === 'running')
      .map((run) => Math.max(run.lastWrite ?? 0, this.rowsAt.get(run.id) ?? 0))
      .filter((at) => at > 0);
    if (times.length === 0) return undefined;
    return Math.max(0, Date.now() + this.clockOffset - Math.max(...times));
  }
}
