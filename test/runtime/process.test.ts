import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { attach, NotAttached } from '../../src/runtime/client';
import { RunControl } from '../../src/runtime/process/control';
import { RunServer, type ServedRun } from '../../src/runtime/process/server';

function fakeRun(): ServedRun & { calls: string[] } {
  const calls: string[] = [];
  return {
    id: 'run-1',
    calls,
    status: () => ({ id: 'run-1', step: 3, steps: 10, state: 'running', loss: 0.5 }),
    stop: () => void calls.push('stop'),
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    checkpoint: async () => ({ step: 3, path: 'checkpoints/step-000003' }),
    probe: async ({ layer, example }) => ({ path: `probes/${layer}-${example}.json` }),
  };
}

describe('the socket of a run', function () {
  this.timeout(20_000);
  let folder: string;
  let run: ReturnType<typeof fakeRun>;
  let server: RunServer;
  const publish = (token = server.endpoint.token): Promise<void> =>
    writeFile(
      join(folder, 'run.json'),
      JSON.stringify({ pid: process.pid, endpoint: { path: server.endpoint.path, token } }),
    );

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'process-'));
    run = fakeRun();
    server = await RunServer.start(run);
    await publish();
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('answers status, stop, pause, resume, checkpoint and probe', async () => {
    const client = await attach(folder);
    assert.equal((await client.status()).step, 3);
    await client.pause();
    await client.resume();
    await client.stop();
    assert.deepEqual(run.calls, ['pause', 'resume', 'stop']);
    assert.deepEqual(await client.checkpoint(), { step: 3, path: 'checkpoints/step-000003' });
    assert.deepEqual(await client.probe(1, 4), { path: 'probes/1-4.json' });
    await assert.rejects(client.probe(-1));
    client.dispose();
  });

  it('takes a run that ends before it answers for stopped, and nothing else for done', async () => {
    const [client, other] = [await attach(folder), await attach(folder)];
    run.checkpoint = () => new Promise(() => {});
    const lost = assert.rejects(other.checkpoint(), /ended before it answered/);
    // The socket is gone before the answer is written.
    run.stop = () => void client.socket.destroy();
    await client.stop();
    await server.close();
    await lost;
    server = await RunServer.start(run);
  });

  it('streams rows to everybody who is attached', async () => {
    const clients = [await attach(folder), await attach(folder)];
    const received = clients.map((client) => new Promise((resolve) => client.onRow(resolve)));
    server.row({ step: 4, loss: 'NaN' });
    assert.deepEqual(await Promise.all(received), [
      { step: 4, loss: 'NaN' },
      { step: 4, loss: 'NaN' },
    ]);
    for (const client of clients) client.dispose();
  });

  it('refuses a wrong token and a client that says nothing', async () => {
    await publish('guess');
    await assert.rejects(attach(folder), /token does not belong/);
    assert.deepEqual(run.calls, []);
  });

  it('is private to the user', async function () {
    if (process.platform === 'win32') this.skip();
    assert.equal((await stat(server.endpoint.path)).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(server.endpoint.path))).mode & 0o777, 0o700);
  });

  it('closes its clients and leaves no file behind', async () => {
    const client = await attach(folder);
    const other = await RunServer.start(run);
    await other.close();
    await assert.rejects(stat(dirname(other.endpoint.path)));
    await server.close();
    await client.closed;
    await assert.rejects(attach(folder), NotAttached);
    server = await RunServer.start(run);
  });
});

describe('what is asked of a running trainer', () => {
  it('is done between steps, and refused after the end', async () => {
    const control = new RunControl();
    const order: string[] = [];
    const asked = control.betweenSteps(async () => {
      order.push('job');
      return 7;
    });
    order.push('step');
    await control.turn(async () => {});
    assert.equal(await asked, 7);
    assert.deepEqual(order, ['step', 'job']);
    const late = control.betweenSteps(async () => 8);
    control.close('The run has ended.');
    await assert.rejects(late, /has ended/);
    await assert.rejects(
      control.betweenSteps(async () => 9),
      /has ended/,
    );
  });

  it('waits while paused, still doing jobs, and goes on after resume or stop', async () => {
    for (const end of ['resume', 'stop'] as const) {
      const control = new RunControl();
      control.pause();
      const pauses: boolean[] = [];
      let done = false;
      const turn = control.turn(async (paused) => void pauses.push(paused)).then(() => (done = true));
      while (pauses.length === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(await control.betweenSteps(async () => 'saved'), 'saved');
      assert.equal(done, false);
      control[end]();
      await turn;
      assert.deepEqual(pauses, [true, false]);
    }
  });
});
