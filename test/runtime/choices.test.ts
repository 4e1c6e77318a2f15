import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseDevice, DeviceError, type DeviceRequest } from '../../src/runtime/devices';
import { differences } from '../../src/runtime/train/resume';
import { Throughput } from '../../src/runtime/train/throughput';

describe('the device', () => {
  let folder: string;
  let measured: string[];
  const request = (changes: Partial<DeviceRequest>): DeviceRequest => ({
    requested: 'auto',
    available: async () => ['cpu', 'webgpu'],
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
      chooseDevice(request({ requested: 'webgpu', available: async () => ['cpu'] })),
      DeviceError,
    );
    await assert.rejects(chooseDevice(request({ requested: 'cuda' })), /cuda is not available/);
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
});
