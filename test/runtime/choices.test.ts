import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  chooseDevice,
  chooseThreads,
  DeviceError,
  type DeviceRequest,
  type ThreadsRequest,
} from '../../src/runtime/devices';
import { differences } from '../../src/runtime/train/resume';
import { Throughput } from '../../src/runtime/train/throughput';

describe('the device', () => {
  let folder: string;
  let measured: string[];
  const request = (changes: Partial<DeviceRequest>): DeviceRequest => ({
    requested: 'auto',
    available: async () => ['cpu', 'webgpu'],
    problem: async () => undefined,
    flopsPerStep: 1e12,
    mixers: 'mamba',
    measure: async (device) => {
      measured.push(device);
      return device === 'cpu' ? 2 : 0.5;
    },
    cacheFile: join(folder, 'cache', 'devices.json'),
    version: '1',
    ...changes,
  });
  beforeEach(async () => {
    measured = [];
    folder = await mkdtemp(join(tmpdir(), 'devices-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is measured once per machine and model class, and remembered', async () => {
    assert.equal((await chooseDevice(request({}))).device, 'webgpu');
    assert.equal((await chooseDevice(request({}))).device, 'webgpu');
    assert.deepEqual(measured, ['cpu', 'webgpu']);
    await chooseDevice(request({ mixers: 'mamba2' }));
    await chooseDevice(request({ flopsPerStep: 1e14 }));
    assert.equal(measured.length, 6);
  });

  it('is the CPU for small models and where nothing else works, without asking again', async () => {
    assert.equal((await chooseDevice(request({ flopsPerStep: 1e6 }))).device, 'cpu');
    assert.equal((await chooseDevice(request({ available: async () => ['cpu'] }))).device, 'cpu');
    assert.deepEqual(measured, []);
    const broken = request({
      measure: async (device) => {
        measured.push(device);
        if (device === 'webgpu') throw new Error('no adapter');
        return 1;
      },
    });
    assert.equal((await chooseDevice(broken)).device, 'cpu');
    assert.equal((await chooseDevice(broken)).device, 'cpu');
    assert.equal(measured.length, 2);
  });

  it('is never replaced silently when it was asked for by name', async () => {
    await assert.rejects(
      chooseDevice(request({ requested: 'webgpu', problem: async () => 'no adapter' })),
      DeviceError,
    );
    await assert.rejects(
      chooseDevice(request({ requested: 'cuda', problem: async () => 'no such file' })),
      /cuda is not available here.*ssm-studio install-cuda.*no such file/,
    );
    assert.equal((await chooseDevice(request({ requested: 'cuda' }))).device, 'cuda');
  });
});

describe('the threads', () => {
  let folder: string;
  let measured: number[];
  const choose = (seconds: (threads: number) => number, changes: Partial<ThreadsRequest> = {}) =>
    chooseThreads({
      mixers: 'mamba',
      flopsPerStep: 1e8,
      version: '1',
      most: 4,
      measure: async (threads) => {
        measured.push(threads);
        return seconds(threads);
      },
      cacheFile: join(folder, 'devices.json'),
      ...changes,
    });
  beforeEach(async () => {
    measured = [];
    folder = await mkdtemp(join(tmpdir(), 'threads-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('of a small model are one where more gain nothing, measured once', async () => {
    assert.equal(await choose(() => 1), 1);
    assert.equal(await choose(() => assert.fail('measured again')), 1);
    assert.deepEqual(measured, [1, 4]);
    assert.equal(await choose((threads) => 1 / threads, { mixers: 'attention' }), 4);
  });

  it('of a large model are all, without measuring', async () => {
    assert.equal(await choose(() => 1, { flopsPerStep: 1e12 }), 4);
    assert.equal(await choose(() => 1, { most: 1 }), 1);
    assert.deepEqual(measured, []);
  });
});

describe('what differs between two configs', () => {
  it('is named by its path', () => {
    const before = { model: { d_model: 8, layers: [{ mixer: 'mamba' }] }, seed: 0, same: [1] };
    const after = { model: { d_model: 16, layers: [{ mixer: 'mamba', d_state: 4 }] }, seed: 0, same: [1] };
    assert.deepEqual(differences(before, after), ['model.d_model', 'model.layers.0.d_state']);
  });
});

describe('throughput', () => {
  it('looks at the last seconds only', () => {
    const throughput = new Throughput();
    assert.equal(throughput.stepsPerSecond, undefined);
    for (let step = 0; step <= 10; step++) throughput.mark(10_000 * step, step);
    for (let step = 11; step <= 120; step++) throughput.mark(100_000 + 100 * (step - 10), step);
    assert.ok(Math.abs(throughput.stepsPerSecond! - 10) < 1e-9);
    assert.ok(Math.abs(throughput.secondsLeft(220)! - 10) < 1e-9);
  });

  it('knows a speed after an evaluation that took longer than the seconds it looks back', () => {
    const throughput = new Throughput();
    for (let step = 0; step <= 3; step++) throughput.mark(12_000 * step, step);
    throughput.mark(60_000, 3);
    assert.ok(Math.abs(throughput.stepsPerSecond! - 1 / 36) < 1e-9);
    assert.ok(Math.abs(throughput.secondsLeft(4)! - 36) < 1e-9);
  });
});
