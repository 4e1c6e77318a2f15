/** @file What a scan remembers, and statistics of Δ, gate, write and read per token. */
import {
  contributionNorm,
  contributionShare,
  cumulativeLogDecay,
  decayRate,
  halfLife,
  meanDistance,
  radius,
  resetFraction,
  retention,
  totalLogDecaySlowest,
} from '../../analysis/memory';
import {
  closedFraction,
  log10Quantiles,
  openFraction,
  pastFutureSingularValues,
  readStrength,
  selectivityIndex,
  writeStrength,
} from '../../analysis/token-statistics';
import { spectrum } from '../../analysis/representation';
import type { Decaying } from '../../analysis/scan';
import { norm } from '../../analysis/statistics';
import { decayOf, sideBySide } from '../decay';
import { mixingOf, ownOf, scanOf } from '../mixing';
import { affordable, array, join, rowsAt, tokensOf, type Analysis, type Probe, type Trace } from '../spec';
import { chosen, EXACT } from './mixing';

const RESET = 0.1;
const MASS = 0.9;
const OPEN = 2;
const CLOSED = 0.05;
const SHARES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];

export const memoryGroup: Analysis = {
  description: 'Half-lives from A and Δ, what every token keeps, and which token the state was written by.',
  parts: [
    'half_life',
    'decay_rate',
    'lyapunov_exponents',
    'total_log_decay_slowest',
    'cumulative_log_decay',
    'retention',
    'reset_fraction',
    'contribution_norm',
    'contribution_share',
    'state_effective_rank',
  ],
  applies: (trace) => decayOf(trace) !== undefined,
  compute(trace, wanted) {
    const { axis, scans, counted } = decayOf(trace)!;
    const { length } = trace;
    const [first] = scans as [Decaying];
    const count = first.channels;
    const both = scans.length > 1;
    const labels = both ? { labels: { direction: ['forward', 'backward'] } } : {};
    // Both directions of a layer lie side by side, where the states of others do.
    const shape = [count, both ? scans.length : first.states];
    const axes = [axis, both ? 'direction' : 'state'];
    const rate = sideBySide(counted.map(decayRate));
    const perToken = (values: readonly Float64Array[], text: string, sign?: 'signed'): Probe =>
      array(
        [...(both ? [scans.length] : []), count, length],
        [...(both ? ['direction'] : []), axis, 'time'],
        join(values),
        text,
        { ...(sign ? { sign } : {}), ...labels },
      );
    const out: Record<string, Probe> = {
      half_life: array(
        shape,
        axes,
        halfLife(rate),
        'ln 2 / decay rate: half of a state is left after so many tokens.',
        { unit: 'tokens', ...labels },
      ),
      decay_rate: array(shape, axes, rate, '−mean over time of Δ A.', { unit: '1/token', ...labels }),
      lyapunov_exponents: array(
        shape,
        axes,
        rate.map((value) => -value),
        'Mean of Δ A per token: negative where nearby states come together.',
        { unit: '1/token', sign: 'signed', ...labels },
      ),
      total_log_decay_slowest: array(
        both ? [count, scans.length] : [count],
        both ? [axis, 'direction'] : [axis],
        sideBySide(counted.map(totalLogDecaySlowest)),
        'log of what is left at the end of the slowest state that was written before the first token.',
        { sign: 'signed', ...labels },
      ),
    };
    if (wanted.has('cumulative_log_decay'))
      out['cumulative_log_decay'] = perToken(
        scans.map(cumulativeLogDecay),
        'A Σ Δ up to the token, of the slowest state: how far its memory of the beginning has faded.',
        'signed',
      );
    if (wanted.has('retention') || wanted.has('reset_fraction')) {
      const kept = scans.map(retention);
      out['retention'] = perToken(kept, 'Mean over states of exp(Δ A): 1 keeps all, 0 resets.');
      out['reset_fraction'] = array(
        both ? [scans.length, length] : [length],
        both ? ['direction', 'time'] : ['time'],
        join(kept.map((values) => resetFraction(values, length, RESET))),
        `Share of ${axis}s that keep less than ${RESET} at the token: forget events.`,
        labels,
      );
    }
    Object.assign(out, contributionsTo(trace, wanted));
    const { state } = trace.probes;
    const tokens = tokensOf(trace);
    const known = tokens.length;
    if (state && wanted.has('state_effective_rank') && known > 1 && known <= RANKED)
      out['state_effective_rank'] = array(
        [],
        [],
        [spectrum(rowsAt(state.data, length, tokens), known, state.data.length / length).effectiveRank],
        `Directions in use among the states of the ${known} tokens: exp of the entropy of their singular values.`,
      );
    return out;
  },
};

/** Longest sequence whose states are looked at all at once. */
const RANKED = 256;
/** Products that the shares of all tokens may cost. */
const SHARED = 1e9;

/** Which token the state was written by, for the scans that write one token at a time. */
function contributionsTo(trace: Trace, wanted: ReadonlySet<string>): Record<string, Probe> {
  const scan = scanOf(trace);
  const { length } = trace;
  if (!scan) return {};
  if (length > EXACT) {
    const [alone] = wanted;
    if (wanted.size === 1 && alone?.startsWith('contribution'))
      throw new RangeError(`${alone} is not formed beyond ${EXACT} tokens; choose a shorter example.`);
    return {};
  }
  const x = trace.seen['x']!;
  const { channels: width } = mixingOf(trace)!;
  const count = scan.channels;
  const out: Record<string, Probe> = {};
  const axes = ['time', 'key'];
  if (wanted.has('contribution_norm')) {
    // Per head: the norm over its channels stands for its input.
    const each = width / count;
    const u = Float64Array.from({ length: length * count }, (_, i) => {
      const [t, head] = [Math.floor(i / count), i % count];
      return norm(x, t * width + head * each, t * width + (head + 1) * each);
    });
    out['contribution_norm'] = array(
      [length, length],
      axes,
      contributionNorm(scan, u),
      'Norm over channels and states of the part of the state at a time that a token wrote.',
    );
  }
  const cost = length * length * width * scan.states;
  if (wanted.has('contribution_share') && (cost <= SHARED || wanted.size === 1))
    out['contribution_share'] = array(
      [length, length],
      axes,
      contributionShare(scan, x, trace.own['init_states']),
      'Share of the state at a time that a token wrote, along the state, may be negative; what is left of one is a learned first state.',
      { sign: 'signed' },
    );
  return out;
}

export const reachGroup: Analysis = {
  description: 'How far back a layer reads, from |hidden attention|.',
  parts: ['mean_distance', 'mean_distance_last', 'mean_distance_layer', 'radius90_last'],
  applies: (trace) => mixingOf(trace)?.causal === true,
  compute(trace, _wanted, options) {
    const mixing = mixingOf(trace)!;
    const { length } = trace;
    affordable('mean_distance', [length, length], 'choose a shorter example.');
    const picked = chosen(mixing.count, mixing.axis, options);
    const distances = picked.map((index) => {
      const matrix = mixing.matrix(index);
      return Float64Array.from({ length }, (_, i) =>
        meanDistance(matrix.subarray(i * length, (i + 1) * length), i),
      );
    });
    const labels = { [mixing.axis]: picked };
    const tokens = tokensOf(trace);
    const last = tokens.at(-1)!;
    const counted = distances.flatMap((row) => tokens.map((t) => row[t]!));
    const more = { unit: 'tokens', labels };
    return {
      mean_distance: array(
        [picked.length, length],
        [mixing.axis, 'query'],
        join(distances),
        'Σ |α| (i − j) / Σ |α| per query.',
        more,
      ),
      mean_distance_last: array(
        [picked.length],
        [mixing.axis],
        distances.map((row) => row[last]!),
        'The same of the last token.',
        more,
      ),
      mean_distance_layer: array(
        [],
        [],
        [counted.reduce((sum, value) => sum + value, 0) / Math.max(1, counted.length)],
        'Mean over queries.',
        { unit: 'tokens' },
      ),
      radius90_last: array(
        [picked.length],
        [mixing.axis],
        picked.map((index) =>
          radius(mixing.matrix(index).subarray(last * length, (last + 1) * length), last, MASS),
        ),
        'Smallest distance within which the last token finds 90 % of its row.',
        more,
      ),
    };
  },
};

export const tokenStatisticsGroup: Analysis = {
  description: 'Δ, gate, write and read strength per token, and how much passes from past to future.',
  parts: [
    'write_strength',
    'read_strength',
    'open_fraction',
    'closed_fraction',
    'log10_delta_quantiles',
    'selectivity_index',
    'past_future_singular_values',
  ],
  applies: (trace) => scanOf(trace) !== undefined,
  compute(trace, wanted, options) {
    const scan = scanOf(trace)!;
    const mixing = mixingOf(trace)!;
    const { length } = trace;
    const { delta } = scan;
    const { channels, u, gate } = mixing;
    const tokens = tokensOf(trace);
    const counted = rowsAt(delta, length, tokens);
    // Δ of the head stands for each of its channels.
    const perChannel = Float64Array.from(
      { length: length * channels },
      (_, i) => delta[Math.floor(i / channels) * scan.channels + ownOf(mixing, i % channels)]!,
    );
    const out: Record<string, Probe> = {
      write_strength: array(
        [length],
        ['time'],
        writeStrength({ ...scan, channels, delta: perChannel }, u!),
        '‖Δ ∘ x‖ · ‖B‖: norm of what enters the state.',
      ),
      open_fraction: array(
        [length],
        ['time'],
        openFraction(delta, scan.channels, OPEN, counted),
        `Share of ${mixing.axis}s whose Δ is above ${OPEN} × its own median.`,
      ),
      log10_delta_quantiles: array(
        [SHARES.length],
        ['quantile'],
        log10Quantiles(counted, SHARES),
        'Quantiles of log₁₀ Δ over time and channel.',
        { sign: 'signed', labels: { quantile: SHARES } },
      ),
      selectivity_index: array(
        [],
        [],
        [selectivityIndex(counted, 1, tokens.length, scan.channels)],
        'Share of the variance of ln Δ that comes from the token: 0 like a time-invariant layer, 1 all selective.',
      ),
    };
    if (gate) {
      out['read_strength'] = array([length], ['time'], readStrength(scan.C, gate, length), '‖C‖ · ‖gate‖.');
      out['closed_fraction'] = array(
        [length],
        ['time'],
        closedFraction(gate, channels, CLOSED),
        `Share of channels with |gate| below ${CLOSED}.`,
      );
    }
    const end = tokens.at(-1)! + 1;
    if (wanted.has('past_future_singular_values') && (wanted.size === 1 || end <= 64)) {
      const picked = chosen(scan.channels, mixing.axis, options);
      const rank = Math.min(scan.states, end);
      // What comes behind the last token is nobody's future; the maps' rows are then those of the shorter sequence.
      const known = { ...scan, length: end };
      out['past_future_singular_values'] = array(
        [picked.length, end - 1, scan.states],
        [mixing.axis, 'time', 'state'],
        join(picked.map((channel) => pastFutureSingularValues(known, channel))),
        `Singular values of alpha[t:, :t] for t = 1 … ${end - 1}: at most ${rank} numbers pass from past to future.`,
        { labels: { [mixing.axis]: picked } },
      );
    }
    return out;
  },
};
