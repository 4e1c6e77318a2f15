/** @file Running something that a hostile file could make endless, such as a regular expression of its own. */
import { createContext, Script } from 'node:vm';

const context = createContext({}) as { run?: () => unknown };
const script = new Script('run()');

/** The time was up. */
export class TimeLimitError extends Error {
  constructor(limit: number) {
    super(`It took longer than ${limit} ms.`);
    this.name = 'TimeLimitError';
  }
}

/**
 * What `action` returns, if it does so within `limit` milliseconds. V8 interrupts loops and the backtracking of
 * regular expressions alike. The code is our own: this is a limit on time, not a sandbox.
 * @throws TimeLimitError
 */
export function withinTime<T>(limit: number, action: () => T): T {
  const before = context.run;
  context.run = action;
  try {
    return script.runInContext(context, { timeout: limit }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw new TimeLimitError(limit);
    throw error;
  } finally {
    if (before === undefined) delete context.run;
    else context.run = before;
  }
}
