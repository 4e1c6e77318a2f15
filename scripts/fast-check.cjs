/**
 * @file Loaded before the tests: random cases are the same in every run, so that a failure is about the change at hand.
 * `SSM_TEST_SEED=random` (or a number) draws others.
 */
const fc = require('fast-check');

const { SSM_TEST_SEED: seed = '20231201' } = process.env;
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });
