import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './cli';

const CONFIG = `data: {type: induction-heads, length: 12, vocab_size: 6}
model:
  d_model: 8
  layers:
    - mixer: mamba
    - {mixer: mlp}
train: {steps: 6, batch_size: 4}
device: cpu
`;

describe('ssm-studio profile', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ssm-profile-test-'));
    file = join(folder, 'a.ssm.yaml');
    await writeFile(file, CONFIG);
  });
  after(() => rm(folder, { recursive: true }));

  it('lists parts with the lines of their layers, then operators', async () => {
    const { code, stdout, stderr } = await run('profile', file, '--threads', '1', '--steps', '2');
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^A step takes [\d.]+ ms on cpu with 1 thread; in ms per step, with every node measured:\n/,
    );
    assert.match(stdout, /^layers\.0 mamba +[\d.]+ +[\d.]+ +\d+ % +line 5: \w+, /m);
    assert.match(stdout, /^layers\.1 mlp +[\d.]+ +[\d.]+ +\d+ % +line 6: /m);
    assert.match(stdout, /^Gemm × \d+ +[\d.]+ +[\d.]+ +\d+ %$/m);
  });

  it('prints the same as JSON, for other sizes too', async () => {
    const { code, stdout, stderr } = await run('profile', file, '--json', '--set', 'train.batch_size=2');
    assert.equal(code, 0, stderr);
    const found = JSON.parse(stdout) as Record<string, unknown> & { parts: Record<string, unknown>[] };
    assert.deepEqual([found['device'], found['clock'], found['steps']], ['cpu', 'host', 5]);
    const layer = found.parts.find(({ part }) => part === 'layers.1')!;
    assert.deepEqual([layer['mixer'], layer['file'], layer['line']], ['mlp', file, 6]);
    assert.ok((layer['forward_ms'] as number) > 0);
  });

  it('says where a config is wrong, and which devices there are', async () => {
    await writeFile(join(folder, 'b.ssm.yaml'), CONFIG.replace('mixer: mamba', 'mixer: mambo'));
    const wrong = await run('profile', join(folder, 'b.ssm.yaml'));
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /b\.ssm\.yaml:5:\d+: error: .*mambo/);
    const device = await run('profile', file, '--device', 'cuda');
    assert.equal(device.code, 64);
    assert.match(device.stderr, /cpu, webgpu/);
  });
});
