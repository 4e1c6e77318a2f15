/** @file The columns of the run table that say what was measured. */
import type { ComponentChildren, JSX } from 'preact';
import { configValue, duration, integer, number3, percent } from '../../../src/figures/core/format';
import { membersOf } from '../../../src/figures/curves/groups';
import { metricOf } from '../../../src/figures/curves/metrics';
import { useSource } from '../../shared/hooks';
import type { CurvesModel } from '../model';
import type { Column } from './column';
import type { GroupFacts } from './facts';
import { lossAt } from './loss-at';
import { Sparkline } from './swatch';

const strong = (text: string, best: boolean): ComponentChildren =>
  best ? <span class="best">{text}</span> : text;

export const seeds: Column = {
  key: 'seed',
  rank: 9,
  head: 'seed',
  cell: ({ group }) => (
    <span class="secondary" title={membersOf(group.runs)}>
      {[...new Set(group.runs.map((run) => configValue(run.seed)))].join(', ')}
    </span>
  ),
};

export const parameters: Column = {
  key: 'params',
  rank: 6,
  head: 'params',
  sortBy: (facts) => facts.parameters,
  cell: (facts) => (facts.parameters === undefined ? '–' : integer(facts.parameters)),
};

export const lossColumn = (model: CurvesModel): Column => ({
  key: 'cursor',
  rank: 0,
  head: 'loss',
  cell: ({ group }) => <AtCursor model={model} group={group} />,
});

function AtCursor({ model, group }: { model: CurvesModel; group: GroupFacts['group'] }): JSX.Element {
  useSource(model.cursor);
  return <span class="at-cursor">{number3(lossAt(model, group))}</span>;
}

export const sparkColumn = (model: CurvesModel): Column => ({
  key: 'spark',
  rank: 7,
  head: '',
  cell: ({ group }) => {
    const loss = metricOf('loss');
    return (
      <Sparkline
        series={model.seriesOf(group.runs[0]!.id, loss)}
        style={model.styleOf(group)}
        log={model.useLog(loss)}
        domain={model.fullDomain()}
      />
    );
  },
});

export const bestLoss: Column = {
  key: 'best',
  rank: 0,
  head: 'best val loss',
  sortBy: (facts) => facts.best?.value,
  best: (facts) => facts.best?.value,
  lowerIsBetter: true,
  cell: (facts, best) =>
    facts.best ? (
      <>
        {strong(number3(facts.best.value), best)}
        <span class="secondary">{` @${integer(facts.best.step)}`}</span>
      </>
    ) : (
      '–'
    ),
};

export const bitsPerByte: Column = {
  key: 'bits',
  rank: 0,
  head: 'bits/byte',
  sortBy: (facts) => facts.bits,
  best: (facts) => facts.bits,
  lowerIsBetter: true,
  cell: (facts, best) => strong(number3(facts.bits), best),
};

export const accuracy: Column = {
  key: 'acc',
  rank: 1,
  head: 'acc',
  sortBy: (facts) => facts.accuracy,
  best: (facts) => facts.accuracy,
  cell: (facts, best) => strong(percent(facts.accuracy), best),
};

export const reached: Column = {
  key: 'reached',
  rank: 5,
  head: '≥ 99 % at',
  sortBy: (facts) => facts.reached,
  best: (facts) => facts.reached,
  lowerIsBetter: true,
  cell: (facts, best) =>
    facts.reached !== undefined ? strong(integer(facts.reached), best) : facts.group.live ? 'not yet' : 'no',
};

export const speed: Column = {
  key: 'speed',
  rank: 4,
  head: 'tokens/s',
  sortBy: (facts) => facts.throughput,
  best: (facts) => facts.throughput,
  cell: (facts, best) => strong(facts.throughput === undefined ? '–' : number3(facts.throughput), best),
};

export const time: Column = {
  key: 'time',
  rank: 3,
  head: 'time',
  sortBy: (facts) => facts.seconds,
  cell: (facts) => duration(facts.seconds),
};
