/** @file The numbers behind each view, in the form of probes, so that table, CSV and JSON are the same for all. */
import { largest } from '../../src/figures/scan/matrix';
import type { Strip } from '../../src/figures/scan/memory/source';
import { routesOf } from '../../src/figures/scan/order/options';
import type { Inspection, LayerSurvey, Probe } from '../../src/protocol/view-scan';
import type { ScanModel } from './model';

const line = (data: ArrayLike<number>, axis: string, description: string): Probe => ({
  shape: [data.length],
  axes: [axis],
  data: Float32Array.from(data),
  unit: '',
  sign: 'signed',
  description,
});

const named = (surveys: readonly LayerSurvey[], prefix = ''): Record<string, Probe> =>
  Object.fromEntries(
    surveys.flatMap(({ layer, probes }) =>
      Object.entries(probes).map(([name, probe]) => [`${prefix}layers.${layer}.${name}`, probe] as const),
    ),
  );

type Probes = Readonly<Record<string, Probe>>;

/** The arrays of the chosen view; undefined while they are not there. */
export function numbersOf(model: ScanModel): Inspection | undefined {
  const { inspection, state } = model;
  if (state.view === 'sequence') return inspection;
  const probes = probesOf(model);
  if (!probes) return undefined;
  return {
    layer: model.layer,
    mixer: inspection?.mixer ?? '',
    layers: inspection?.layers ?? [{ index: 0, mixer: '' }],
    tokens: tokensOf(model),
    probes,
  };
}

function probesOf(model: ScanModel): Probes | undefined {
  switch (model.state.view) {
    case 'attention':
      return attentionNumbers(model);
    case 'memory':
      return memoryNumbers(model);
    case 'kernel':
      return model.filters;
    case 'order':
      return orderNumbers(model);
    case 'training':
      return trainingNumbers(model);
    case 'sequence':
      return model.inspection?.probes;
  }
}

/** What the first axis of most arrays runs over. */
function tokensOf({ state, replay, inspection }: ScanModel): Inspection['tokens'] {
  if (state.view === 'order') return [];
  if (state.view === 'training') return replay.tokens.map((label) => ({ label }));
  return inspection?.tokens ?? [];
}

function attentionNumbers({ survey, pinned, state }: ScanModel): Probes | undefined {
  return (
    survey && {
      ...named(survey.surveys),
      ...named(pinned.survey?.surveys ?? [], `${state.pin?.name ?? 'pinned'}: `),
    }
  );
}

function memoryNumbers({ memory, position, inspection, survey }: ScanModel): Probes | undefined {
  if (!memory) return undefined;
  const contribution = line(
    memory.contribution(position),
    'time',
    `Contribution of every token to the output at ${position}.`,
  );
  const halfLives = (survey?.surveys ?? []).map((own) => ({
    ...own,
    probes: onlyOf(own.probes, 'half_life'),
  }));
  return {
    contribution,
    ...Object.assign({}, ...memory.strips.map(stripNumbers)),
    ...(inspection?.surprise ? { surprise: line(inspection.surprise, 'time', '−log p, nats.') } : {}),
    ...named(halfLives),
  };
}

function orderNumbers({ state }: ScanModel): Probes {
  const words = 'Token that is read at each position; −1 is padding.';
  return Object.fromEntries(
    routesOf(state.order).map(({ name, order }, k) => [`${k} ${name}`, line(order, 'position', words)]),
  );
}

/** Of every probe of training how far it was, of the one that is shown its arrays. */
function trainingNumbers({ replay: { frames, layer, index } }: ScanModel): Probes | undefined {
  const shown = frames[index];
  if (!shown) return undefined;
  const column = (name: string, of: (frame: (typeof frames)[number]) => number): Probes => ({
    [name]: line(frames.map(of), 'probe', `${name} of every probe.`),
  });
  return {
    ...column('step', ({ step }) => step),
    ...column('loss', ({ loss }) => loss ?? NaN),
    ...column('probability', ({ probability }) => probability ?? NaN),
    ...column('largest_mean_weight', ({ surveys }) => {
      const own = surveys.find((survey) => survey.layer === layer);
      return largest(own?.probes['hidden_attention_mean']?.data ?? []);
    }),
    ...named(shown.surveys),
  };
}

const wayOf = { '': '', '→': '_forward', '←': '_backward' } as const;

const stripNumbers = ({ arrow, writes, kept, forget }: Strip): Record<string, Probe> => ({
  [`write_strength${wayOf[arrow]}`]: line(writes, 'time', '‖Δ x‖ · ‖B‖.'),
  [`kept${wayOf[arrow]}`]: line(kept, 'time', 'Mean over channels and states of exp(Δ A).'),
  [`reset_fraction${wayOf[arrow]}`]: line(forget, 'time', 'Share of channels that keep less than 0.1.'),
});

const onlyOf = (probes: Probes, name: string): Probes => {
  const probe = probes[name];
  return probe ? { [name]: probe } : {};
};
