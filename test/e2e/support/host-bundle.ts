/** @file Bundles the suite that runs inside the extension host into one file that an editor can load. */
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../../../scripts/steps.mjs';

/** Absolute path of the bundle. */
export async function bundleHostSuite(): Promise<string> {
  const outfile = path.join(root, 'test-artifacts', 'host', 'suite.js');
  await build({
    entryPoints: [path.join(root, 'test', 'e2e', 'host', 'suite.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode', 'mocha'],
    logLevel: 'error',
  });
  return outfile;
}
