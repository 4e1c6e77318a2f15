/** @file The runner of golden cases: numbers of the authors' code against ours. */
export { formatGoldenReport, runGolden, type GoldenDevice, type GoldenReport } from './run';
