/** @file Entry of the server process: `--stdio`, `--node-ipc`, `--pipe=…` or `--socket=…`. */
import { runsOnDisk } from './runs';
import { startServer } from './server';

void startServer(undefined, undefined, runsOnDisk());
