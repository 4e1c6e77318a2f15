/** @file One moment of training on a fixed example, small enough to keep dozens: what the replay shows. */
import { tileEdges } from '../analysis/tiles';
import { inputOf, labelled, type ExampleRequest } from './example';
import { filtersOf } from './filters';
import { pooled, surveyOf, type LayerSurvey } from './survey';
import { array, type Probe, type Trace } from './spec';
import { prepareTrace, type PreparedTrace } from './trace';

export interface TrainingFrame {
  readonly tokens: readonly string[];
  /** Of the target at the last scored position. */
  readonly probability?: number;
  readonly target?: string;
  readonly surveys: readonly LayerSurvey[];
}

export interface FrameRequest extends ExampleRequest {
  readonly threads: number;
}

/** Takes frames of one model on one example; its graphs are made ready with the first. */
export interface FrameTaker {
  take(parameters: ReadonlyMap<string, Float32Array>): Promise<TrainingFrame>;
  release(): Promise<void>;
}

/** Cells along each axis of a kept matrix, positions of a kept line, channels of kept kernels. */
const CELLS = 64;
const POINTS = 512;
const KERNELS = 8;
/** Longest example that is looked at while training. */
const LONGEST = 1024;
/** Layers that are kept at most: the first ones and the last. */
const LAYERS = 8;
/** Products that the matrices of a layer may cost. */
const BUDGET = 3e7;

/** @throws RangeError for an example that does not exist */
export function frameTaker(request: FrameRequest): FrameTaker {
  const { model, data } = request;
  const input = inputOf(request);
  const mixing = model.layers.filter(({ definition }) => Object.keys(definition.probes).length > 0);
  const kept = mixing.length <= LAYERS ? mixing : [...mixing.slice(0, LAYERS - 1), mixing.at(-1)!];
  const looked = input.length <= LONGEST ? kept : [];
  let prepared: PreparedTrace[] | undefined;
  const prepare = async (): Promise<PreparedTrace[]> => {
    const out: PreparedTrace[] = [];
    for (const [k, { index, definition }] of looked.entries()) {
      out.push(
        await prepareTrace({
          ...request,
          layer: index,
          inputs: input.values,
          length: input.length,
          only: new Set(Object.keys(definition.probes).filter((name) => !/^(state|matrix)/.test(name))),
          logits: k === 0,
        }),
      );
    }
    return out;
  };
  return {
    async take(parameters) {
      prepared ??= await prepare();
      const surveys: LayerSurvey[] = [];
      let probability: number | undefined;
      for (const layer of prepared) {
        const { trace, logits } = await layer.run(parameters);
        if (logits && input.target !== undefined)
          probability = probabilityOf(logits, model.rows, input.target, input.length - 1 - input.position);
        surveys.push(shortened(trace));
      }
      return {
        tokens: input.tokens.map(({ label }) => label),
        ...(probability === undefined ? {} : { probability }),
        ...(input.target === undefined ? {} : { target: labelled(model, data, input.target).label }),
        surveys,
      };
    },
    async release() {
      for (const layer of prepared ?? []) await layer.release();
      prepared = undefined;
    },
  };
}

/** @param back rows between the scored position and the end */
function probabilityOf(logits: Float32Array, rows: number, target: number, back: number): number | undefined {
  const end = logits.length - back * rows;
  if (end < rows || target < 0 || target >= rows) return undefined;
  const row = logits.subarray(end - rows, end);
  const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = row.reduce((sum, value) => sum + Math.exp(value - most), 0);
  return Math.exp(row[target]! - most) / total;
}

function shortened(trace: Trace): LayerSurvey {
  const { probes, edges, ...rest } = surveyOf(trace, BUDGET, true);
  const { length } = trace;
  const tiles = Math.min(length, CELLS);
  const out: Record<string, Probe> = {};
  const mean = probes['hidden_attention_mean'];
  const size = mean ? mean.shape[0]! : 0;
  const fits = size <= tiles;
  const own = tileEdges(size, tiles);
  if (mean) {
    const data = fits ? mean.data : pooled(Float64Array.from(mean.data), size, own);
    out['hidden_attention_mean'] = array(
      [Math.min(size, tiles), Math.min(size, tiles)],
      mean.axes,
      data,
      mean.description,
    );
  }
  const delta = trace.probes['delta'];
  if (delta?.axes[0] === 'time' && length <= POINTS) {
    const width = delta.data.length / length;
    out['delta_mean'] = array(
      [length],
      ['time'],
      Float64Array.from({ length }, (_, t) => {
        let sum = 0;
        for (let c = 0; c < width; c++) sum += delta.data[t * width + c]! / width;
        return sum;
      }),
      'Mean over channels of Δ.',
    );
  }
  const filters = filtersOf(trace);
  if (filters) {
    const count = Math.min(KERNELS, filters.count);
    const points = Math.min(POINTS, filters.length);
    out['kernel'] = array(
      [count, points],
      ['channel', 'lag'],
      Array.from({ length: count }, (_, k) => [...filters.kernel(k).subarray(0, points)]).flat(),
      'Kernel K.',
      { sign: 'signed' },
    );
  }
  const positions = edges ?? undefined;
  return {
    ...rest,
    ...(mean && (positions || !fits)
      ? { edges: fits ? [...positions!] : [...own].map((cell) => positions?.[cell] ?? cell) }
      : {}),
    probes: out,
  };
}
