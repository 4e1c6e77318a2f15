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

/** The arrays of the chosen view; undefined while they are not there. */
export function numbersOf(model: ScanModel): Inspection | undefined {
  const { inspection, state } = model;
  const none: Inspection = {
    layer: model.layer,
    mixer: inspection?.mixer ?? '',
    layers: inspection?.layers ?? [{ index: 0, mixer: '' }],
    tokens: inspection?.tokens ?? [],
    probes: {},
  };
  switch (state.view) {
    case 'sequence':
      return inspection;
    case 'attention':
      return (
        model.survey && {
          ...none,
          probes: {
            ...named(model.survey.surveys),
            ...named(model.pinned.survey?.surveys ?? [], `${state.pin?.name ?? 'pinned'}: `),
          },
        }
      );
    case 'memory': {
      const { memory } = model;
      if (!memory) return undefined;
      const { strips } = memory;
      return {
        ...none,
        probes: {
          contribution: line(
            memory.contribution(model.position),
            'time',
            `Contribution of every token to the output at ${model.position}.`,
          ),
          ...Object.assign({}, ...strips.map(stripNumbers)),
          ...(inspection?.surprise ? { surprise: line(inspection.surprise, 'time', '−log p, nats.') } : {}),
          ...named(
            (model.survey?.surveys ?? []).map((survey) => ({
              ...survey,
              probes: onlyOf(survey.probes, 'half_life'),
            })),
          ),
        },
      };
    }
    case 'kernel':
      return model.filters && { ...none, probes: { ...model.filters } };
    case 'order': {
      const routes = routesOf(state.order);
      return {
        ...none,
        tokens: [],
        probes: Object.fromEntries(
          routes.map(({ name, order }, k) => [
            `${k} ${name}`,
            line(order, 'position', 'Token that is read at each position; −1 is padding.'),
          ]),
        ),
      };
    }
    case 'training': {
      const { frames, layer: frameLayer } = model.replay;
      if (frames.length === 0) return undefined;
      const columns: Record<string, number[]> = {
        step: [],
        loss: [],
        probability: [],
        largest_mean_weight: [],
      };
      for (const frame of frames) {
        const survey = frame.surveys.find(({ layer }) => layer === frameLayer);
        columns['step']!.push(frame.step);
        columns['loss']!.push(frame.loss ?? NaN);
        columns['probability']!.push(frame.probability ?? NaN);
        columns['largest_mean_weight']!.push(largest(survey?.probes['hidden_attention_mean']?.data ?? []));
      }
      const shown = frames[model.replay.index]!;
      return {
        ...none,
        tokens: model.replay.tokens.map((label) => ({ label })),
        probes: {
          ...Object.fromEntries(
            Object.entries(columns).map(([name, data]) => [
              name,
              line(data, 'probe', `${name} of every probe.`),
            ]),
          ),
          ...named(shown.surveys),
        },
      };
    }
  }
}

const wayOf = { '': '', '→': '_forward', '←': '_backward' } as const;

const stripNumbers = ({ arrow, writes, kept, forget }: Strip): Record<string, Probe> => ({
  [`write_strength${wayOf[arrow]}`]: line(writes, 'time', '‖Δ x‖ · ‖B‖.'),
  [`kept${wayOf[arrow]}`]: line(kept, 'time', 'Mean over channels and states of exp(Δ A).'),
  [`reset_fraction${wayOf[arrow]}`]: line(forget, 'time', 'Share of channels that keep less than 0.1.'),
});

const onlyOf = (probes: Readonly<Record<string, Probe>>, name: string): Record<string, Probe> => {
  const probe = probes[name];
  return probe ? { [name]: probe } : {};
};
