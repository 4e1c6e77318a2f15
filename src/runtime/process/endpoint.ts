/**
 * @file The address of a run's socket: a file in a private folder (0700), the socket itself 0600; on Windows a
 * named pipe. Socket paths are limited to about 100 bytes, so the run folder itself cannot hold it.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:net';

export interface Endpoint {
  readonly path: string;
  /** Known to whoever can read run.json. */
  readonly token: string;
}

export interface OwnedEndpoint extends Endpoint {
  /** Makes the socket private once the server listens. */
  secure(): Promise<void>;
  dispose(): Promise<void>;
}

export async function createEndpoint(): Promise<OwnedEndpoint> {
  const token = randomBytes(24).toString('base64url');
  if (process.platform === 'win32') {
    const path = `\\\\.\\pipe\\ssm-studio-${randomBytes(12).toString('hex')}`;
    return { path, token, secure: async () => {}, dispose: async () => {} };
  }
  const folder = await mkdtemp(join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), 'ssm-'));
  const path = join(folder, 'run.sock');
  return {
    path,
    token,
    secure: () => chmod(path, 0o600),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Listens on the endpoint's path; rejects with the socket's error. */
export function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
