/** @file A growing column of numbers. */

const fillsBuffer = (values: ArrayLike<number>): values is Float64Array<ArrayBuffer> =>
  values instanceof Float64Array &&
  values.byteLength === values.buffer.byteLength &&
  values.buffer instanceof ArrayBuffer;

export class Column {
  data: Float64Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 256) {
    this.data = new Float64Array(capacity);
  }

  static from(values: ArrayLike<number>): Column {
    const column = new Column(0);
    column.append(values);
    return column;
  }

  reserve(length: number): void {
    if (length <= this.data.length) return;
    // Exactly at first: the first rows are often all of them.
    const data = new Float64Array(Math.max(256, length, 2 * this.data.length));
    data.set(this.data.subarray(0, this.length));
    this.data = data;
  }

  push(value: number): void {
    if (this.length === this.data.length) this.reserve(this.length + 1);
    this.data[this.length++] = value;
  }

  /** The first values are kept where they are if they fill their buffer; appends leave that as it is. */
  append(values: ArrayLike<number>): void {
    if (this.length === 0 && fillsBuffer(values)) {
      this.data = values;
      this.length = values.length;
      return;
    }
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
