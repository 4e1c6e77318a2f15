/** @file Entry of the server process: `--stdio`, `--node-ipc`, `--pipe=…` or `--socket=…`. */
import { startServer } from './server';

void startServer();
