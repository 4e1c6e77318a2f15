/** @file An error meant for a person: its message is a sentence, its actions solve it. */

export interface ErrorAction {
  readonly title: string;
  run(): unknown;
}

export class UserError extends Error {
  override name = 'UserError';
  constructor(
    message: string,
    readonly actions: readonly ErrorAction[] = [],
  ) {
    super(message);
  }
}
