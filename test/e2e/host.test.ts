/** @file Runs the suite of `host/suite.ts` in the extension host of the embedded editor. */
import assert from 'node:assert/strict';
import { bundleHostSuite } from './support/host-bundle';
import { closeBrowser, runInHost } from './support/editor';

describe('inside the extension host', () => {
  after(closeBrowser);

  it('passes its own suite', async () => {
    const { code, log } = await runInHost(await bundleHostSuite());
    console.log(
      log
        .split('\n')
        .filter((line) => /✔|passing|^\s+\d+\) /.test(line))
        .join('\n'),
    );
    assert.match(log, /\d+ passing/);
    assert.equal(code, 0, log);
  });
});
