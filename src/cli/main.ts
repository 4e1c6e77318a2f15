/** @file Entry of the command line. */
import { main } from './program';

// A reader that goes away, as `head` does, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
