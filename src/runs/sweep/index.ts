/** @file Sweeps: which runs there are, starting them here or on a cluster, and what they reached. */
export { runJobs, type Finished, type Job } from './local';
export { combinations, folderOf, settingsOf, shortNames, shortValue, type Combination } from './plan';
export { formatResults, readResult, type SweepResult, type SweepStatus } from './results';
export { arrayScript, submitArray, type ArrayTask } from './slurm';
