/**
 * @file Cases that nobody stored: other sizes and options than the authors' cases, made here from plain loops and
 * finite differences, run through the runner like any folder.
 */
import * as assert from 'node:assert/strict';
import { formatGoldenReport, runGolden } from '../../src/golden';
import { Random } from '../../src/util/random';
import { setUp, type Variant } from '../layers/check-layer';
import { slowMamba, slowMamba2, type SlowMamba2 } from '../layers/slow';
import { withCase, type Stored } from './folder';
import { differences, slowScan, slowSsd, type ScanSizes, type SsdSizes } from './slow-model';

const TOLERANCE = { rtol: 2e-4, atol: 2e-5, max_norm: 0.01 };
const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
const single = (values: ArrayLike<number>): Float64Array => Float64Array.from(Float32Array.from(values));

async function agree(target: string, hyperparameters: Record<string, unknown>, tensors: Stored): Promise<void> {
  const json = { target, hyperparameters, tensors: {}, tolerance: TOLERANCE };
  for (const device of ['reference', 'cpu']) {
    const report = await withCase(json, tensors, (folder) => runGolden([folder], { device }));
    assert.equal(report.exitCode, 0, formatGoldenReport(report));
  }
}

describe('generated golden cases', function () {
  this.timeout(120_000);

  const blocks: [target: string, options: Record<string, unknown>, sizes: [number, number, number]][] = [
    ['mamba.block', { d_state: 3, d_conv: 2, expand: 1, bias: true, conv_bias: false }, [5, 1, 7]],
    ['mamba.block', { d_state: 1, expand: 3, dt_rank: 4 }, [4, 3, 1]],
    ['mamba2.block', { d_state: 3, headdim: 2, ngroups: 4, chunk_size: 4 }, [4, 1, 9]],
    ['mamba2.block', { d_state: 2, headdim: 3, d_ssm: 6, ngroups: 2, bias: true, d_conv: 2, dt_limit: [0.05, 0.5] }, [5, 1, 6]],
    ['mamba2.block', { d_state: 2, headdim: 4, D_has_hdim: true, rmsnorm: false, expand: 1, chunk_size: 2 }, [8, 2, 5]],
    ['mamba2.block', { d_state: 4, headdim: 1, norm_before_gate: true, chunk_size: 3, d_conv: 3 }, [3, 2, 7]],
  ];
  for (const [target, options, [d_model, batch, length]] of blocks) {
    it(`${target} ${JSON.stringify(options)}, d_model ${d_model}, batch ${batch}, length ${length}`, async () => {
      const mixer = target.split('.')[0]!;
      const variant: Variant = { mixer, options, d_model, batch, length };
      const { resolved, specs, values, shape, x, random } = setUp(variant);
      const point: Record<string, Float64Array> = { x: single(x) };
      for (const [name, value] of Object.entries(values)) point[name] = single(value);
      const slow = ({ x: at, ...p }: Record<string, Float64Array>): Float64Array =>
        mixer === 'mamba'
          ? slowMamba(at!, shape, p, resolved as never)
          : slowMamba2(at!, shape, p, resolved as SlowMamba2);
      const y = slow(point);
      const cotangent = single(y.map(() => random.normal()));
      const gradients = differences(point, (at) => slow(at).reduce((sum, value, i) => sum + value * cotangent[i]!, 0));
      const tensors: Stored = new Map();
      const put = (name: string, extents: readonly number[], data: ArrayLike<number>): void => {
        tensors.set(name, { shape: extents, data: Float32Array.from(data) });
      };
      for (const [name, spec] of Object.entries(specs)) {
        put(`param.${name}`, spec.shape, point[name]!);
        put(`grad.param.${name}`, spec.shape, gradients[name]!);
      }
      put('input.x', shape, point['x']!);
      put('grad.input.x', shape, gradients['x']!);
      put('output.y', shape, y);
      put('output.decode_y', shape, y);
      put('cotangent', shape, cotangent);
      await agree(target, { ...options, batch, length, d_model }, tensors);
    });
  }

  const scans: [present: string, fixed: { B: boolean; C: boolean }, sizes: ScanSizes][] = [
    ['', { B: false, C: false }, { batch: 1, channels: 3, length: 5, state: 2, groups: 1, softplus: false }],
    ['z', { B: true, C: false }, { batch: 2, channels: 4, length: 1, state: 1, groups: 1, softplus: true }],
    ['D delta_bias', { B: false, C: true }, { batch: 1, channels: 4, length: 6, state: 3, groups: 2, softplus: false }],
    ['z D', { B: false, C: false }, { batch: 2, channels: 6, length: 7, state: 2, groups: 6, softplus: true }],
  ];
  for (const [present, fixed, sizes] of scans) {
    it(`mamba.selective_scan with ${present || 'nothing'} ${JSON.stringify({ fixed, ...sizes })}`, async () => {
      const { batch, channels, length, state, groups } = sizes;
      const random = new Random(3, present);
      const map = (isFixed: boolean): number[] =>
        isFixed ? [channels, state] : groups > 1 ? [batch, groups, state, length] : [batch, state, length];
      const shapes: Record<string, readonly number[]> = {
        u: [batch, channels, length],
        delta: [batch, channels, length],
        A: [channels, state],
        B: map(fixed.B),
        C: map(fixed.C),
      };
      if (present.includes('z')) shapes['z'] = [batch, channels, length];
      if (present.includes('D')) shapes['D'] = [channels];
      if (present.includes('delta_bias')) shapes['delta_bias'] = [channels];
      const point: Record<string, Float64Array> = {};
      for (const [name, shape] of Object.entries(shapes)) {
        const draw = (): number =>
          name === 'A' ? -0.2 - random.uniform() : name === 'delta' ? random.uniform() : random.normal();
        point[name] = single(Array.from({ length: size(shape) }, draw));
      }
      const { y, last } = slowScan(point, sizes, fixed);
      const cotangent = single(y.map(() => random.normal()));
      const gradients = differences(point, (at) =>
        slowScan(at, sizes, fixed).y.reduce((sum, value, i) => sum + value * cotangent[i]!, 0),
      );
      const tensors: Stored = new Map();
      for (const [name, shape] of Object.entries(shapes)) {
        tensors.set(`input.${name}`, { shape, data: Float32Array.from(point[name]!) });
        tensors.set(`grad.input.${name}`, { shape, data: Float32Array.from(gradients[name]!) });
      }
      tensors.set('output.y', { shape: shapes['u']!, data: Float32Array.from(y) });
      tensors.set('output.last_state', { shape: [batch, channels, state], data: Float32Array.from(last) });
      tensors.set('cotangent', { shape: shapes['u']!, data: Float32Array.from(cotangent) });
      const hyperparameters = {
        batch,
        channels,
        length,
        state,
        groups: groups > 1 ? groups : null,
        delta_softplus: sizes.softplus,
        B_input_dependent: !fixed.B,
        C_input_dependent: !fixed.C,
      };
      await agree('mamba.selective_scan', hyperparameters, tensors);
    });
  }

  const ssds: [block: number, initial: boolean, sizes: SsdSizes][] = [
    [4, true, { batch: 1, length: 7, heads: 2, headdim: 3, state: 2 }],
    [64, false, { batch: 2, length: 5, heads: 1, headdim: 1, state: 1 }],
    [1, true, { batch: 1, length: 3, heads: 3, headdim: 2, state: 4 }],
    [5, true, { batch: 2, length: 1, heads: 2, headdim: 2, state: 2 }],
  ];
  for (const [block_len, initial, sizes] of ssds) {
    it(`mamba2.ssd in blocks of ${block_len} ${JSON.stringify(sizes)}${initial ? ' from a state' : ''}`, async () => {
      const { batch, length, heads, headdim, state } = sizes;
      const random = new Random(4, JSON.stringify(sizes));
      const shapes: Record<string, readonly number[]> = {
        X: [batch, length, heads, headdim],
        A: [batch, length, heads],
        B: [batch, length, heads, state],
        C: [batch, length, heads, state],
      };
      if (initial) shapes['initial_states'] = [batch, 1, heads, headdim, state];
      const point: Record<string, Float64Array> = {};
      for (const [name, shape] of Object.entries(shapes)) {
        const draw = (): number => (name === 'A' ? -random.uniform() : random.normal());
        point[name] = single(Array.from({ length: size(shape) }, draw));
      }
      const { Y, final } = slowSsd(point, sizes);
      const cotangents = [Y, final].map((values) => single(values.map(() => random.normal())));
      const gradients = differences(point, (at) => {
        const result = slowSsd(at, sizes);
        const dot = (values: Float64Array, i: number): number =>
          values.reduce((sum, value, j) => sum + value * cotangents[i]![j]!, 0);
        return dot(result.Y, 0) + dot(result.final, 1);
      });
      const tensors: Stored = new Map();
      for (const [name, shape] of Object.entries(shapes)) {
        tensors.set(`input.${name}`, { shape, data: Float32Array.from(point[name]!) });
        tensors.set(`grad.input.${name}`, { shape, data: Float32Array.from(gradients[name]!) });
      }
      const finalShape = [batch, heads, headdim, state];
      tensors.set('output.Y', { shape: shapes['X']!, data: Float32Array.from(Y) });
      tensors.set('output.final_state', { shape: finalShape, data: Float32Array.from(final) });
      tensors.set('cotangent', { shape: shapes['X']!, data: Float32Array.from(cotangents[0]!) });
      tensors.set('cotangent.final_state', { shape: finalShape, data: Float32Array.from(cotangents[1]!) });
      await agree('mamba2.ssd', { ...sizes, block_len, has_initial_state: initial }, tensors);
    });
  }
});
