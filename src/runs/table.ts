/** @file Columns of numbers that grow row by row; a row without a column's key holds NaN there. */

export class MetricTable {
  readonly #columns = new Map<string, Float64Array>();
  #length = 0;

  /** @param expected rows that there is room for at once */
  constructor(private readonly expected = 0) {}

  get length(): number {
    return this.#length;
  }

  /** Names in the order in which they first came. */
  get names(): readonly string[] {
    return [...this.#columns.keys()];
  }

  /** The values so far: a view, to be taken anew after rows have come. */
  column(name: string): Float64Array | undefined {
    return this.#columns.get(name)?.subarray(0, this.#length);
  }

  value(name: string, row: number): number | undefined {
    return row >= 0 && row < this.#length ? this.#columns.get(name)?.[row] : undefined;
  }

  /** One row as an object; NaN where it has no value. */
  row(index: number): Record<string, number> | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return Object.fromEntries([...this.#columns].map(([name, values]) => [name, values[index]!]));
  }

  /** Begins a row of NaN; `set` fills it. */
  add(): void {
    const first = this.#columns.values().next().value;
    if (first !== undefined && this.#length === first.length) this.#grow(2 * first.length);
    this.#length++;
  }

  /** Sets a value of the last row. */
  set(name: string, value: number): void {
    let column = this.#columns.get(name);
    if (column === undefined) {
      const capacity =
        this.#columns.values().next().value?.length ?? Math.max(256, this.#length, this.expected);
      column = new Float64Array(capacity).fill(Number.NaN);
      this.#columns.set(name, column);
    }
    column[this.#length - 1] = value;
  }

  /** Keeps the first `length` rows. */
  truncate(length: number): void {
    for (const column of this.#columns.values()) column.fill(Number.NaN, length, this.#length);
    this.#length = length;
  }

  #grow(capacity: number): void {
    for (const [name, column] of this.#columns) {
      const larger = new Float64Array(capacity).fill(Number.NaN, this.#length);
      larger.set(column);
      this.#columns.set(name, larger);
    }
  }
}
