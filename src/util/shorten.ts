/** @file Messages that quote a file: a name or a value in one can have any length. */

const LONGEST = 1500;

/** The message itself, or its beginning. */
export const shorten = (message: string): string =>
  message.length > LONGEST ? `${message.slice(0, LONGEST)} …` : message;
