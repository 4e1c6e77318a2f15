/** @file The packaged extension that the suites install, and its command line. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../../../scripts/steps.mjs';

/** The VSIX of this platform. @throws Error when it has not been packed */
export function packagedExtension(): string {
  const file = path.join(root, `ssm-studio-${process.platform}-${process.arch}.vsix`);
  if (!fs.existsSync(file)) throw new Error(`${path.basename(file)} is missing: npm run package makes it.`);
  return file;
}

/** The packaged extension; with SSM_E2E_DEV=1 the checkout itself, while working on the tests. */
export const extensionUnderTest = (): { readonly vsix?: string } =>
  process.env['SSM_E2E_DEV'] === undefined ? { vsix: packagedExtension() } : {};

/** Runs the built command line and parses what it prints. */
export function cliJson(args: readonly string[], cwd: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [path.join(root, 'dist', 'cli.js'), ...args],
      { cwd, maxBuffer: 256 << 20 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${args.join(' ')}: ${stderr || error.message}`));
        else resolve(JSON.parse(stdout) as unknown);
      },
    );
  });
}
