/** @file A picture of the editor behind every test that failed. */
import type { EditorSession } from './editor';

/** @param session read when a test has failed, as it is opened before the first */
export function keepFailures(session: () => EditorSession): void {
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await session().screenshot(`failed ${this.currentTest.title.slice(0, 50)}`);
  });
}
