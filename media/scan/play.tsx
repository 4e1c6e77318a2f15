/** @file Step back, play, step on. */
import type { JSX } from 'preact';
import { IconButton } from '../shared/controls';
import { reducedMotion } from '../shared/motion';
import type { ScanModel } from './model';

export function Play({ model, what }: { model: ScanModel; what: 'token' | 'step' | 'probe' }): JSX.Element {
  const move = (by: number): void => {
    if (what === 'token') model.cursor.moveTo(model.position + by);
    else if (what === 'step') model.cursor.moveStep(by);
    else model.replay.move(by);
  };
  return (
    <span class="controls">
      <IconButton icon="step-back" label={`Previous ${what} (←)`} onClick={() => move(-1)} />
      {!reducedMotion() && (
        <IconButton
          icon={model.playback.playing ? 'pause' : 'play'}
          label={model.playback.playing ? 'Pause (Space)' : 'Play (Space)'}
          testid="play"
          onClick={() => model.playback.play()}
        />
      )}
      <IconButton icon="step-over" label={`Next ${what} (→)`} onClick={() => move(1)} />
    </span>
  );
}
