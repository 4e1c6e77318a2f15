/** @file Errors as the terminal shows them: one sentence and an exit code; the stack only when asked for. */

export const EXIT = { ok: 0, error: 1, unsupported: 2, absent: 3, usage: 64, interrupted: 130 } as const;

/** A wrong command line. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The command has already said what is wrong; only the exit code is left. */
export class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
    this.name = 'Exit';
  }
}

/** What to print for an error: its message, for our own and foreign ones alike. */
export function describe(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  const text = verbose && error.stack !== undefined ? error.stack : error.message;
  return `error: ${text.trim()}`;
}
