/** @file The executor: what it checks, what it keeps, what it reports. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as g from '../../src/graph';
import { scanLoop } from '../../src/graph/scan/scan';
import { availableDevices, fallbacks, openSession, readBack, type DeviceTensor } from '../../src/runtime/ort';
import { webgpuProblem } from './support/compare';
import { runPlaced } from './support/placement';

describe('sessions', () => {
  const x = g.input('x', [2]);
  const compiled = g.compile({ y: g.scope('double', () => g.mul(x, 2)) }, { target: 'cpu' });

  it('writes into given arrays', async () => {
    const y = new Float32Array(2);
    const session = await openSession(compiled, { device: 'cpu', preallocate: { y } });
    const found = await session.run({ x: Float32Array.of(1, 2) });
    assert.equal(found['y'], y);
    assert.deepEqual([...y], [2, 4]);
    await session.release();
  });

  it('sees what changed in an array that was fed before', async () => {
    const session = await openSession(compiled, { device: 'cpu' });
    const values = Float32Array.of(1, 2);
    await session.run({ x: values });
    values[0] = 5;
    assert.deepEqual((await session.run({ x: values }))['y'], Float32Array.of(10, 4));
    assert.deepEqual((await session.run({ x: Float32Array.of(7, 8) }))['y'], Float32Array.of(14, 16));
    await session.release();
  });

  const wrong: [string, Record<string, Float32Array | Int32Array>, RegExp][] = [
    ['a missing feed', {}, /No values for the graph input x, float32\[2\]/],
    ['a wrong size', { x: new Float32Array(3) }, /x is float32\[2\], which does not fit a Float32Array of 3/],
    ['a wrong type', { x: new Int32Array(2) }, /does not fit a Int32Array of 2/],
  ];
  for (const [name, feeds, message] of wrong) {
    it(`rejects ${name}`, async () => {
      const session = await openSession(compiled, { device: 'cpu' });
      await assert.rejects(session.run(feeds), message);
      await session.release();
    });
  }

  it('rejects a graph compiled for another device', async () => {
    await assert.rejects(openSession(compiled, { device: 'webgpu' }), /compile it for webgpu/);
  });

  it('tells which node ran where', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'profile-'));
    try {
      const session = await openSession(compiled, { device: 'cpu', profile: join(folder, 'run') });
      await session.run({ x: new Float32Array(2) });
      await session.run({ x: new Float32Array(2) });
      const [timing, ...others] = await session.placement();
      await session.release();
      assert.ok(timing!.name.startsWith('double/Mul_'));
      assert.deepEqual([timing!.operator, timing!.provider, timing!.runs], ['Mul', 'CPU', 2]);
      assert.deepEqual(others, []);
      assert.deepEqual(await readdir(folder), []);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('lists what a device leaves to the CPU', async function () {
    this.timeout(30_000);
    const problem = await webgpuProblem();
    if (problem !== undefined) {
      this.test!.title += ` (skipped: no WebGPU device here: ${problem.slice(0, 120)})`;
      this.skip();
    }
    const ids = g.input('ids', [2, 2], 'int32');
    const stays = g.compile({ y: g.scope('stays', () => g.add(ids, 1)) }, { target: 'webgpu' });
    const zeros = { ids: new Int32Array(4) };
    assert.deepEqual(fallbacks((await runPlaced(stays, zeros, 'webgpu')).timings), []);
    // Loops are run by the CPU.
    const sum = g.scope('leaves', () =>
      scanLoop({
        states: { total: g.zeros([2], 'int32') },
        sequences: { ids },
        body: (states, slices) => ({ states: { total: g.add(states.total, slices.ids) }, emits: {} }),
      }),
    );
    const leaves = g.compile({ y: sum.states.total }, { target: 'webgpu' });
    const found = fallbacks((await runPlaced(leaves, zeros, 'webgpu')).timings);
    assert.ok(
      found.some((name) => /^leaves\/Scan_\d+ \(Scan\)$/.test(name)),
      found.join(', '),
    );
  });

  it('the CPU is always available', async () => assert.equal((await availableDevices())[0], 'cpu'));

  it('keeps tensors on a device from run to run, and reads them back', async function () {
    this.timeout(30_000);
    const problem = await webgpuProblem();
    if (problem !== undefined) {
      this.test!.title += ` (skipped: no WebGPU device here: ${problem.slice(0, 120)})`;
      this.skip();
    }
    const next = g.compile({ next: g.mul(x, 2), sum: g.sum(x) }, { target: 'webgpu' });
    const session = await openSession(next, { device: 'webgpu', keepOnDevice: ['next'] });
    const first = await session.run({ x: Float32Array.of(1, 2) });
    const kept = first['next'] as DeviceTensor;
    assert.equal(kept.location, 'device');
    const second = await session.run({ x: kept });
    assert.deepEqual(second['sum'], Float32Array.of(6));
    const found = await readBack({ kept, again: second['next'] as DeviceTensor }, 'webgpu');
    assert.deepEqual(found, { kept: Float32Array.of(2, 4), again: Float32Array.of(4, 8) });
    kept.dispose();
    await assert.rejects(session.run({ x: kept }), /was disposed of/);
    await session.release();
  });

  it('leaves no profile behind that nobody has read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ssm-studio-'));
    const compiled = g.compile({ y: g.neg(g.input('x', [2])) }, { target: 'cpu' });
    const session = await openSession(compiled, { device: 'cpu', profile: join(folder, 'profile') });
    await session.run({ x: new Float32Array(2) });
    await session.release();
    assert.deepEqual(await readdir(folder), []);
    await rm(folder, { recursive: true });
  });
});
