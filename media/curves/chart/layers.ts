/**
 * @file The page's side of the worker that paints the lines of large charts: starts it, tells it new rows, and keeps at
 * most one picture per chart on its way, so that a slow machine skips pictures instead of queueing them.
 *
 * A webview may not load a worker by its address; its script is fetched and started as a blob, which the policy of the
 * page allows (`worker-src blob:`). Where that fails, charts are drawn on the page.
 */
import { xColumn, type RunData, type XAxis } from '../../../src/figures/curves/data';
import type { LayerRequest, ToLayer } from '../../../src/figures/curves/layer';
import type { SmoothOptions } from '../../../src/figures/curves/smooth';
import type { Metric } from '../../../src/figures/curves/metrics';
import { buffersOf, packColumn, type PackedColumn } from '../../../src/protocol/columns';
import type { FromLayer } from '../worker';

/** Rows of a chart from which its lines are painted by the worker. */
export const largeChart = 60_000;

/** Milliseconds between the pictures of a chart while others are waited for. */
const LONGEST_PAUSE = 100;

/** A picture with the view that it shows. */
export interface Picture extends FromLayer {
  readonly of: LayerRequest;
}

interface Place {
  show: (picture: Picture) => void;
  /** The picture on its way. */
  sent: LayerRequest | undefined;
  /** When that was asked for. */
  at: number;
  /** Wanted after that one. */
  next: LayerWish | undefined;
}

/** Columns that a chart of training is drawn from. */
const columnsOf = (metric: Metric, axis: XAxis): ReadonlySet<string> =>
  new Set([
    'step',
    xColumn[axis],
    metric.column,
    ...(metric.column === 'tokens_per_second' ? ['tokens', 'seconds'] : []),
  ]);

/** The worker has a copy of what each chart needs: columns of one copy all have the same rows. */
const copyOf = (run: string, metric: Metric, axis: XAxis): string => `${run}\t${metric.id}\t${axis}`;
const runOf = (copy: string): string => copy.slice(0, copy.indexOf('\t'));

/** What of a run the worker has been told. */
interface Told {
  readonly data: RunData;
  readonly generation: number;
  rows: number;
}

export type LayerWish = Omit<LayerRequest, 'type' | 'chart' | 'metric' | 'groups'> & {
  readonly metric: Metric;
  readonly groups: readonly (LayerRequest['groups'][number] & { readonly data: readonly RunData[] })[];
};

export class Layers {
  private worker: Worker | undefined;
  /** False when charts have to be drawn on the page. */
  usable = true;
  private readonly places = new Map<number, Place>();
  private readonly told = new Map<string, Told>();

  constructor(
    /** Of the worker's script. */
    private readonly address: string,
    /** Called when charts are to be drawn on the page after all. */
    private readonly onFail: () => void,
  ) {
    void this.start();
  }

  /** Whether a picture is on its way. */
  get busy(): boolean {
    return this.usable && [...this.places.values()].some(({ sent, next }) => (sent ?? next) !== undefined);
  }

  /** Gives the worker what it will need for a chart, so that it begins before it is asked for a picture. */
  prepare(run: string, data: RunData, metric: Metric, axis: XAxis, smoothing: SmoothOptions): void {
    if (!this.worker) return;
    const copy = copyOf(run, metric, axis);
    this.tell(copy, data, metric, axis);
    this.post({ type: 'prepare', run: copy, metric: metric.id, axis, smoothing });
  }

  /** Asks for a picture of a chart; an older wish of the same chart that has not been begun is dropped. */
  ask(chart: number, wish: LayerWish, show: (picture: Picture) => void): void {
    const place = this.places.get(chart) ?? { show, sent: undefined, at: 0, next: undefined };
    place.show = show;
    place.next = wish;
    this.places.set(chart, place);
    this.send(chart, place);
  }

  /** The chart is gone. */
  leave(chart: number): void {
    this.places.delete(chart);
  }

  /** Forgets all runs but these. */
  keep(runs: readonly string[]): void {
    for (const copy of this.told.keys()) if (!runs.includes(runOf(copy))) this.told.delete(copy);
    this.post({ type: 'keep', runs: [...this.told.keys()] });
  }

  /** Before rows come, since a thread takes a while to start. */
  private async start(): Promise<void> {
    try {
      const script = await (await fetch(this.address)).text();
      const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
      worker.addEventListener('message', (event: MessageEvent<FromLayer>) => this.receive(event.data));
      worker.addEventListener('error', () => this.fail());
      this.worker = worker;
      for (const [chart, place] of this.places) this.send(chart, place);
    } catch {
      this.fail();
    }
  }

  private fail(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.usable = false;
    this.places.clear();
    this.told.clear();
    this.onFail();
  }

  private post(message: ToLayer, transfer: Transferable[] = []): void {
    this.worker?.postMessage(message, transfer);
  }

  private send(chart: number, place: Place): void {
    const wish = place.next;
    if (!wish || place.sent || !this.worker) return;
    place.next = undefined;
    const { metric, view } = wish;
    const groups = wish.groups.map(({ data, ...group }) => {
      group.runs.forEach((run, i) => this.tell(copyOf(run, metric, view.axis), data[i]!, metric, view.axis));
      return { ...group, runs: group.runs.map((run) => copyOf(run, metric, view.axis)) };
    });
    const request: LayerRequest = { ...wish, type: 'draw', chart, metric: metric.id, groups };
    place.sent = request;
    place.at = performance.now();
    this.post(request);
  }

  private receive(answer: FromLayer): void {
    const place = this.places.get(answer.chart);
    if (!place?.sent) return answer.picture.close();
    const of = place.sent;
    place.show({ ...answer, of });
    // On few cores, picture upon picture would hold up the frames between them: page and screen get as long again.
    const pause = Math.min(LONGEST_PAUSE, performance.now() - place.at);
    setTimeout(() => {
      place.sent = undefined;
      this.send(answer.chart, place);
    }, pause);
  }

  /** Sends the rows of a run that are new to the worker. */
  private tell(run: string, data: RunData, metric: Metric, axis: XAxis): void {
    const table = data.table('train');
    const before = this.told.get(run);
    const same = before?.data === data && before.generation === data.generation;
    const told = before && same ? before : { data, generation: data.generation, rows: 0 };
    this.told.set(run, told);
    if (before && !same) this.post({ type: 'rows', run, reset: true, table: 'train', columns: {}, count: 0 });
    if (!table || table.length <= told.rows) return;
    const columns: Record<string, PackedColumn> = {};
    for (const name of columnsOf(metric, axis)) {
      const column = table.column(name);
      if (column) columns[name] = packColumn(column.data, told.rows, table.length);
    }
    const count = table.length - told.rows;
    told.rows = table.length;
    this.post({ type: 'rows', run, reset: false, table: 'train', columns, count }, buffersOf(columns));
  }
}
