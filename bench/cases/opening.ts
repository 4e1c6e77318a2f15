/** @file Opening a checkpoint of 500 MB: until its summary is there, and until its weights are. */
import { mkdtempSync, openSync, closeSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelFiles, openModelFolder, summarise } from '../../src/runtime/checkpoint';
import { timed, type BenchCase, type Contestant } from '../harness';
import { bytesOf, model, parameters } from './mamba-130m';

const FILE = 'model.safetensors';

/** The model in Hugging Face's layout, in a folder of its own. */
function written(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bench-open-'));
  for (const { name, parts } of modelFiles(model(), parameters())) {
    const handle = openSync(join(folder, name), 'w');
    for (const part of parts) writeSync(handle, part);
    closeSync(handle);
  }
  return folder;
}

/** Something with a folder of its own; the file is in the system's cache, as after a download. */
function onFolder(name: string, run: (folder: string) => unknown): Contestant {
  const folder = written();
  return {
    name,
    run: () => timed(() => run(folder)),
    close: async () => rmSync(folder, { recursive: true }),
  };
}

/** The whole file into memory. */
function readAll(folder: string): void {
  const path = join(folder, FILE);
  const bytes = Buffer.allocUnsafe(statSync(path).size);
  const handle = openSync(path, 'r');
  for (let done = 0; done < bytes.length;) done += readSync(handle, bytes, done, bytes.length - done, done);
  closeSync(handle);
}

const reading = (): Contestant =>
  onFolder(`reading the file of ${Math.round(bytesOf(parameters()) / 1e6)} MB`, readAll);

export const openingCases: readonly BenchCase[] = [
  {
    name: 'open/500mb-summary',
    about:
      'a checkpoint of 500 MB until its summary is there, against reading its file; at least 0.5, which is twice the time',
    reach: 0.5,
    ours: async () => onFolder('summary', summarise),
    peers: async () => [reading()],
  },
  {
    name: 'open/500mb-weights',
    about:
      'a checkpoint of 500 MB until its weights lie in the arrays that sessions read, against reading its file; at least 0.5',
    reach: 0.5,
    ours: async () => onFolder('weights', openModelFolder),
    peers: async () => [reading()],
  },
];
