/** @file A growing column of numbers. */

export class Column {
  data: Float64Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 256) {
    this.data = new Float64Array(capacity);
  }

  static from(values: ArrayLike<number>): Column {
    const column = new Column(Math.max(1, values.length));
    column.append(values);
    return column;
  }

  reserve(length: number): void {
    if (length <= this.data.length) return;
    let capacity = Math.max(256, this.data.length);
    while (capacity < length) capacity *= 2;
    const data = new Float64Array(capacity);
    data.set(this.data.subarray(0, this.length));
    this.data = data;
  }

  push(value: number): void {
    if (this.length === this.data.length) this.reserve(this.length + 1);
    this.data[this.length++] = value;
  }

  append(values: ArrayLike<number>): void {
    this.reserve(this.length + values.length);
    this.data.set(values, this.length);
    this.length += values.length;
  }

  /** Makes the column `length` long; new entries are undefined until written. */
  resize(length: number): void {
    this.reserve(length);
    this.length = length;
  }

  at(index: number): number {
    return index >= 0 && index < this.length ? (this.data[index] as number) : Number.NaN;
  }

  last(): number | undefined {
    return this.length > 0 ? this.data[this.length - 1] : undefined;
  }

  view(): Float64Array {
    return this.data.subarray(0, this.length);
  }
}
