/** @file What a run is seen to be: its own word, unless the process that gave it is gone. */
import { hostname } from 'node:os';
import { HEARTBEAT_LIMIT, type RunInfo, type RunStatus } from '../protocol/run';
import { isAlive } from './process';

/** `interrupted` is a run that says `running` while its process is dead or silent for a minute. */
export function runStatus(
  info: Pick<RunInfo, 'status' | 'pid' | 'host' | 'heartbeat'>,
  now: number = Date.now(),
): RunStatus {
  if (info.status !== 'running') return info.status;
  if (now - Date.parse(info.heartbeat) > HEARTBEAT_LIMIT) return 'interrupted';
  return info.host === hostname() && !isAlive(info.pid) ? 'interrupted' : 'running';
}
