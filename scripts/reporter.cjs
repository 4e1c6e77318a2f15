/**
 * @file Mocha reporter: the built-in `dot`/`spec` output and a closing line `N passed, N failed, N skipped`.
 * With SSM_TEST_TALLY set to a file, the counts of every test file are written there as JSON, so that `npm test` can add
 * up its suites: `{"test/a.test.ts": {"passed": 3, "failed": 0, "skipped": 1}}`.
 */
const fs = require('node:fs');
const path = require('node:path');
const { reporters, Runner } = require('mocha');

module.exports = class ClosingLine extends reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    const verbose =
      process.env.SSM_TEST_VERBOSE !== undefined || options?.reporterOption?.verbose !== undefined;
    this.inner = verbose ? new reporters.Spec(runner, options) : new reporters.Dot(runner, options);
    const { stats } = this.inner;
    const files = {};
    const counter = (key) => (test) => {
      const name = test.file === undefined ? '(no file)' : path.relative(process.cwd(), test.file);
      files[name] ??= { passed: 0, failed: 0, skipped: 0 };
      files[name][key]++;
    };
    runner.on(Runner.constants.EVENT_TEST_PASS, counter('passed'));
    runner.on(Runner.constants.EVENT_TEST_FAIL, counter('failed'));
    runner.on(Runner.constants.EVENT_TEST_PENDING, counter('skipped'));
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      console.log(`${stats.passes} passed, ${stats.failures} failed, ${stats.pending} skipped`);
      if (process.env.SSM_TEST_TALLY) fs.writeFileSync(process.env.SSM_TEST_TALLY, JSON.stringify(files));
    });
  }
};
