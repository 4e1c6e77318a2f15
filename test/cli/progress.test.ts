import assert from 'node:assert/strict';
import { formatDuration, Progress, progressLine } from '../../src/cli/progress';
import type { LiveStatus } from '../../src/runtime/process/protocol';

const status: LiveStatus = {
  id: 'x',
  step: 120,
  steps: 1000,
  state: 'running',
  loss: 1.23456,
  stepsPerSecond: 42.5,
  secondsLeft: 20.7,
  evaluation: { step: 100, loss: 1.5, accuracy: 0.625 },
};

describe('progress in the terminal', () => {
  it('says step, loss, accuracy, speed and what is left', () => {
    assert.equal(
      progressLine(status),
      'step 120/1000 · loss 1.2346 · validation 1.5000 · accuracy 62.5 % · 42.5 steps/s · 21 s left',
    );
    assert.equal(formatDuration(59.4), '59 s');
    assert.equal(formatDuration(200), '3 min 20 s');
    assert.equal(formatDuration(3720), '1 h 02 min');
  });

  it('rewrites one line on a terminal and keeps messages above it', () => {
    const written: string[] = [];
    const progress = new Progress({ isTTY: true, write: (text: string) => Boolean(written.push(text)) });
    progress.show(status);
    progress.print('saved');
    assert.equal(written[0], `\r\u001b[2K${progressLine(status)}`);
    assert.deepEqual(written.slice(1), ['\r\u001b[2K', 'saved\n']);
  });

  it('prints a plain line every few seconds elsewhere', () => {
    const written: string[] = [];
    const progress = new Progress({ write: (text: string) => Boolean(written.push(text)) });
    for (let second = 100; second < 112; second++) progress.show(status, 1000 * second);
    assert.equal(written.length, 3);
    assert.ok(written.every((line) => line.endsWith('\n') && !line.includes('\u001b')));
  });
});
