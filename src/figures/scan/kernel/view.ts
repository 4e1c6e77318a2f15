/**
 * @file A time-invariant layer as a bank of filters: kernel in time and frequency, eigenvalues in the complex plane,
 * modes in numbers, before and after training. Trained is solid, initial is dashed.
 */
import { number3 } from '../../core/format';
import { Ink, type Figure } from '../figure';
import { drawChannels } from './channels';
import { channelsOf, filterOf, modesOf, peakOf, type Filter } from './data';
import { drawFrequency } from './frequency';
import { drawModes } from './modes';
import { drawPlane } from './plane';
import type { KernelOptions, KernelView } from './plot';
import { drawTime } from './time';

export type { KernelOptions, KernelView } from './plot';

export function drawKernel(view: KernelView, options: KernelOptions): Figure {
  const { width, theme, arrays, measureText } = options;
  const ink = new Ink(theme);
  const { scale } = ink;
  const channels = channelsOf(arrays);
  const channel = Math.min(view.channel, channels - 1);
  const now = filterOf(arrays, channel)!;
  const initial = view.compare === 'initial' ? filterOf(arrays, channel, '_initial') : undefined;
  const wide = width >= 900;
  const modal = now.poles !== undefined;
  const right = wide && modal ? Math.min(470, Math.round(width * 0.36)) : wide ? 0 : width;
  const left = wide ? width - right - (right > 0 ? 40 : 0) : width;
  let y = drawTime(ink, { x: 0, y: 0, width: left, height: 220 }, now, initial, view, options, channel);
  y = drawFrequency(ink, { x: 0, y: y + 20, width: left, height: 140 }, now, initial, options);
  y = drawChannels(ink, { x: 0, y: y + 24, width: left, height: 0 }, channel, view, options);
  if (modal) {
    const x = wide ? left + 40 : 0;
    const top = wide ? 0 : y + 24;
    const plane = drawPlane(ink, { x, y: top, width: right, height: 300 }, now, initial, view, options);
    const bottom = drawModes(ink, { x, y: plane + 24, width: right, height: 0 }, modesOf(now), view, options);
    y = Math.max(y, bottom);
  } else {
    ink.text(0, y + 18 * scale, withoutModes(arrays), {});
    y += 24 * scale;
  }
  void measureText;
  return ink.figure(width, y + 10, summaryOf(now, channel, channels));
}

/** Why no eigenvalues are shown. */
function withoutModes(arrays: KernelOptions['arrays']): string {
  if (arrays['eig_continuous'])
    return 'Diagonal plus low rank: eigenvalues of such a matrix cannot be trusted; kernel and response can.';
  if (arrays['kernel']!.axes[1] === 'head')
    return 'A companion matrix: channels in a row share a kernel; its eigenvalues are not computed.';
  return 'The kernel is the parameter itself: there are no eigenvalues.';
}

function summaryOf(now: Filter, channel: number, channels: number): string {
  const { lag, value } = peakOf(now.kernel);
  const parts = [`Channel ${channel} of ${channels}: largest value ${number3(value)} at delay ${lag}.`];
  const modes = modesOf(now);
  if (modes.length > 0) {
    const fastest = Math.min(...modes.map(({ period }) => period));
    const longest = Math.max(...modes.map(({ halfLife }) => halfLife));
    const unstable = modes.filter(({ halfLife }) => halfLife < 0).length;
    parts.push(
      `Fastest mode has a period of ${number3(fastest)} tokens; longest half-life ${number3(longest)} tokens; ` +
        `${unstable === 0 ? 'no unstable mode' : `${unstable} unstable modes`}.`,
    );
  }
  return parts.join(' ');
}
