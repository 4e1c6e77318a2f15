/**
 * @file Answers that take a while, asked for by several panels: each is computed once, the last ones are kept, and a
 * computation ends when nobody waits for it any more. Knows nothing of the editor.
 */

/** The part of the editor's cancellation token that is needed. */
export interface Token {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

export class CancelledError extends Error {
  constructor() {
    super('Cancelled.');
  }
}

type Compute<T> = (token: Token, progress: (bytes: number) => void) => Promise<T>;

export class Answers<T> {
  private readonly kept = new Map<string, Shared<T>>();

  constructor(
    /** Answers that are kept, the newest. */
    private readonly most: number,
  ) {}

  /** @throws CancelledError once `token` is cancelled; what `compute` throws, which is not kept */
  get(key: string, compute: Compute<T>, token?: Token, progress?: (bytes: number) => void): Promise<T> {
    let shared = this.kept.get(key);
    if (!shared) {
      const made = new Shared<T>(compute, () => {
        if (this.kept.get(key) === made) this.kept.delete(key);
      });
      shared = made;
      this.kept.set(key, made);
      for (const old of this.kept.keys()) {
        if (this.kept.size <= this.most) break;
        this.kept.delete(old);
      }
    }
    return shared.wait(token, progress);
  }
}

/** One computation and those who wait for it. */
class Shared<T> {
  private readonly answer: Promise<T>;
  private readonly told = new Set<(bytes: number) => void>();
  private readonly ending = new Set<() => void>();
  private waiting = 0;
  private ended = false;

  constructor(
    compute: Compute<T>,
    /** Called when it has no answer. */
    private readonly drop: () => void,
  ) {
    const isEnded = (): boolean => this.ended;
    const token: Token = {
      get isCancellationRequested() {
        return isEnded();
      },
      onCancellationRequested: (listener) => {
        this.ending.add(listener);
        return { dispose: () => this.ending.delete(listener) };
      },
    };
    this.answer = compute(token, (bytes) => {
      for (const tell of this.told) tell(bytes);
    });
    this.answer.catch(drop);
  }

  wait(token?: Token, progress?: (bytes: number) => void): Promise<T> {
    if (token?.isCancellationRequested === true) {
      this.endUnlessWanted();
      return Promise.reject(new CancelledError());
    }
    this.waiting++;
    if (progress) this.told.add(progress);
    return new Promise((resolve, reject) => {
      const cancelled = token?.onCancellationRequested(() => {
        leave();
        reject(new CancelledError());
        this.endUnlessWanted();
      });
      let left = false;
      const leave = (): void => {
        if (left) return;
        left = true;
        this.waiting--;
        if (progress) this.told.delete(progress);
        cancelled?.dispose();
      };
      this.answer.then(
        (found) => {
          leave();
          resolve(found);
        },
        (error: unknown) => {
          leave();
          reject(error as Error);
        },
      );
    });
  }

  private endUnlessWanted(): void {
    if (this.waiting > 0 || this.ended) return;
    this.ended = true;
    this.drop();
    for (const listener of this.ending) listener();
  }
}
