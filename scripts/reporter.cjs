/**
 * @file Mocha reporter: the built-in `dot`/`spec` output and a closing line `N passed, N failed, N skipped`.
 * With SSM_TEST_TALLY set to a file, the counts are appended to it too, so that `npm test` can add up its suites.
 */
const fs = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class ClosingLine extends reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    const verbose =
      process.env.SSM_TEST_VERBOSE !== undefined || options?.reporterOption?.verbose !== undefined;
    this.inner = verbose ? new reporters.Spec(runner, options) : new reporters.Dot(runner, options);
    const { stats } = this.inner;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const line = `${stats.passes} passed, ${stats.failures} failed, ${stats.pending} skipped`;
      console.log(line);
      if (process.env.SSM_TEST_TALLY) {
        fs.appendFileSync(process.env.SSM_TEST_TALLY, `${stats.passes} ${stats.failures} ${stats.pending}\n`);
      }
    });
  }
};
