/** @file Texts at which generation ends. */

export class StopTexts {
  #tail: string;
  /** Characters of the tail that were there before. */
  #old: number;
  readonly #longest: number;

  /** @param before what stands in front of the new text; a stop that is whole in it does not count */
  constructor(
    readonly texts: readonly string[],
    before = '',
  ) {
    this.#longest = texts.reduce((longest, { length }) => Math.max(longest, length), 0);
    this.#tail = this.#longest > 1 ? before.slice(1 - this.#longest) : '';
    this.#old = this.#tail.length;
  }

  /** Takes what comes next; whether one of the texts is complete with it. */
  ended(text: string): boolean {
    if (this.#longest === 0 || text === '') return false;
    const whole = this.#tail + text;
    const found = this.texts.some(
      (stop) => whole.indexOf(stop, Math.max(0, this.#old - stop.length + 1)) >= 0,
    );
    const dropped = Math.max(0, whole.length - this.#longest + 1);
    this.#tail = whole.slice(dropped);
    this.#old = Math.max(0, this.#old - dropped);
    return found;
  }
}
