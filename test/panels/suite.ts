/** @file The set-up of every panel's tests: a browser, pages that are closed, and nothing wrong on any of them. */
import assert from 'node:assert/strict';
import { Harness, hasBrowser, type OpenOptions, type OpenPanel, type PanelName } from './harness';

export interface PanelSuite {
  /** A page that is checked and closed behind the test. */
  open(name: PanelName, options?: OpenOptions): Promise<OpenPanel>;
  /** Closes a page whose errors were wanted, without the checks. */
  close(panel: OpenPanel): Promise<void>;
}

/**
 * Tests of pages in Chromium; skipped, with the reason in the name, where there is none. Behind every test no page may
 * have an error, a violation of the content policy, or have told the host of a failure.
 */
export function describePanel(
  title: string,
  tests: (suite: PanelSuite) => void,
  { timeout = 60_000 }: { readonly timeout?: number } = {},
): void {
  const describeIt = hasBrowser ? describe : describe.skip;
  const reason = hasBrowser ? '' : ' (skipped: no Chromium at /usr/bin/chromium)';
  describeIt(title + reason, function () {
    this.timeout(timeout);
    let harness: Harness;
    const opened: OpenPanel[] = [];
    before(async () => {
      harness = await Harness.start();
    });
    after(() => harness.stop());
    afterEach(async () => {
      for (const panel of opened.splice(0)) {
        assert.deepEqual(panel.errors, []);
        assert.deepEqual(await panel.violations(), []);
        assert.deepEqual(
          (await panel.sent()).filter((message) => message.type === 'error'),
          [],
        );
        await panel.close();
      }
    });
    tests({
      async open(name, options) {
        const panel = await harness.open(name, options);
        opened.push(panel);
        return panel;
      },
      async close(panel) {
        opened.splice(opened.indexOf(panel), 1);
        await panel.close();
      },
    });
  });
}
