/** @file Whether a process that was noted down still lives, also when its number has been given to another. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Where process numbers mean the same: one boot of one machine, and one container on it. */
export function processSpace(): string {
  const parts = [hostname()];
  if (process.platform === 'linux') {
    for (const read of [
      () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      () => readlinkSync('/proc/self/ns/pid'),
    ]) {
      try {
        parts.push(read());
      } catch {
        // Not told here; the host must do.
      }
    }
  }
  return parts.join(' ');
}

interface ProcessFacts {
  readonly ended: boolean;
  /** Ticks between boot and the start of the process. */
  readonly started: string;
}

/** Fields 3 and 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. */
function linuxFacts(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A killed process that nobody waited for is still listed, as Z.
    return { ended: fields[0] === 'Z' || fields[0] === 'X', started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** Tells a process from later ones with its number; empty where the system does not say. */
export function processStart(pid: number): string {
  return (process.platform === 'linux' ? linuxFacts(pid)?.started : undefined) ?? '';
}

/**
 * @param pid of this host
 * @param started what `processStart` said of it, when known
 */
export function isAlive(pid: number, started = ''): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const facts = process.platform === 'linux' ? linuxFacts(pid) : undefined;
  if (facts === undefined) return true;
  return !facts.ended && (started === '' || facts.started === '' || facts.started === started);
}
