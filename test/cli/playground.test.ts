/** @file The playground's process as the editor starts it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { factsSchema, resultSchema } from '../../src/protocol/playground';
import { methods } from '../../src/runtime/playground/rpc';
import { spawn } from 'node:child_process';
import { CLI } from './cli';

describe('playground --stdio', function () {
  this.timeout(60_000);

  it('opens a checkpoint with weights in few bits, and tells bits and memory', async () => {
    const checkpoint = join(__dirname, '../golden/hf-mamba-tiny');
    const child = spawn(process.execPath, [...CLI, 'playground', checkpoint, '--stdio', '--bits', '8'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    connection.listen();
    try {
      const facts = factsSchema.parse(await connection.sendRequest(methods.facts));
      assert.equal(facts.bits, 8);
      assert.ok(facts.memory > 10e6 && facts.memory < 4e9, String(facts.memory));
      const settings = {
        ...{ temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, seed: 0, maxTokens: 3 },
        stop: [],
      };
      const answer = await connection.sendRequest(methods.generate, { prompt: 'the', path: [], settings });
      assert.equal(resultSchema.parse(answer).tokens, 3);
    } finally {
      connection.dispose();
      child.kill();
    }
  });
});
