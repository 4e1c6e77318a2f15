/** @file Numbers of the panel's requests: which are without an answer, and which answer is the newest of its kind. */

export type RequestKind = 'inspect' | 'survey' | 'filters';

export class Requests {
  private last = 0;
  /** The newest request of each kind. */
  private readonly newest = new Map<RequestKind, number>();
  private readonly waiting = new Map<number, RequestKind>();

  get busy(): boolean {
    return this.waiting.size > 0;
  }

  /** Kinds of which an answer is awaited. */
  get kinds(): ReadonlySet<RequestKind> {
    return new Set(this.waiting.values());
  }

  waitsFor(request: number): boolean {
    return this.waiting.has(request);
  }

  /** Gives up all answers that are awaited, and says of which kinds they are. */
  cancel(): RequestKind[] {
    const kinds = [...this.kinds];
    this.waiting.clear();
    return kinds;
  }

  /** A number that somebody else takes the answer of. */
  get other(): number {
    return ++this.last;
  }

  next(kind: RequestKind): number {
    this.last++;
    this.waiting.set(this.last, kind);
    this.newest.set(kind, this.last);
    return this.last;
  }

  /** What a request was, when it is the newest of its kind; older ones of the kind are no longer answered. */
  done(request: number): RequestKind | undefined {
    const kind = this.waiting.get(request);
    if (kind === undefined) return undefined;
    for (const [other, own] of [...this.waiting])
      if (own === kind && other <= request) this.waiting.delete(other);
    return this.newest.get(kind) === request ? kind : undefined;
  }
}
