/** @file Sweeps: which runs there are, starting them here or on a cluster, and what they reached. */
export { runJobs } from './local';
export { combinations, folderOf, settingsOf, shortNames, shortValue, type Combination } from './plan';
export { formatResults, readResult, type SweepResult } from './results';
export { arrayScript, submitArray } from './slurm';
