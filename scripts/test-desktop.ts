/**
 * @file `npm run test:desktop`: the suite inside the extension host, in a desktop VS Code that is downloaded. Where
 * nothing can be downloaded, `npm test` runs the same suite in the embedded editor.
 */
import { runTests } from '@vscode/test-electron';
import { bundleHostSuite } from '../test/e2e/support/host-bundle';
import { root } from './steps.mjs';

async function main(): Promise<void> {
  await runTests({
    version: process.env['VSCODE_VERSION'] ?? 'stable',
    extensionDevelopmentPath: root,
    extensionTestsPath: await bundleHostSuite(),
    launchArgs: ['--disable-extensions', '--disable-workspace-trust'],
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
