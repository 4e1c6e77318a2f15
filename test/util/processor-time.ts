/** @file Processor time of work that must not explode: that of this process, which other processes do not take. */

/**
 * Milliseconds that `work` takes, the least of at most three tries: on a shared core the same work takes more of them.
 * @param enough below which it is not tried again
 */
export async function processorTime(enough: number, work: () => unknown): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < 3 && least >= enough; attempt++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
