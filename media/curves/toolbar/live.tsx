/** @file How many runs are live, and how old their news are. */
import type { JSX } from 'preact';
import { useEffect, useReducer } from 'preact/hooks';
import { Icon } from '../../shared/icons';
import type { CurvesModel } from '../model';

/** "2 of 9 runs live · 0.8 s ago", renewed once a second; old news are a warning. */
export function LiveText({ model, long }: { model: CurvesModel; long: boolean }): JSX.Element | null {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => tick(undefined as never), 1000);
    return () => clearInterval(timer);
  }, []);
  const live = model.runs.filter((run) => run.status === 'running').length;
  if (model.pending > 0)
    return <span class="secondary live">{`reading ${model.pending.toLocaleString('en')} rows`}</span>;
  if (live === 0) return null;
  const age = model.age();
  const seconds = age === undefined ? undefined : age / 1000;
  const ago =
    seconds === undefined ? '' : ` · ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s ago`;
  const old = seconds !== undefined && seconds > 10;
  return (
    <span class="secondary live" title="Time since the newest value">
      {old && (
        <span class="icon-inline is-warning">
          <Icon name="warning" label="No new value for a while" />
        </span>
      )}
      {`${live} of ${model.runs.length} ${model.runs.length === 1 ? 'run' : 'runs'} live${long ? ago : ''}`}
    </span>
  );
}
