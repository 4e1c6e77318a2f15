/** @file Graphs written for any reader of ONNX: the standard's operators alone, with the same values. */
import assert from 'node:assert/strict';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type GraphProto } from 'onnx-buf';
import * as g from '../../src/graph';
import { samples } from './samples';
import { buildSample } from './samples/sample';
import { compareOnDevice, program } from './support/compare';
import { checkerProblems, pythonWith, skipWithout } from './support/onnx-checker';

const written = samples.map((sample) => ({
  sample,
  compiled: () => g.compile(program(buildSample(sample)), { target: 'onnx' }),
}));

function domains({ node }: GraphProto): string[] {
  return node.flatMap(({ domain, attribute }) => [
    domain,
    ...attribute.flatMap((one) => (one.g ? domains(one.g) : [])),
  ]);
}

describe('graphs for any reader of ONNX', () => {
  for (const { sample } of written)
    it(`give the same values: ${sample.name}`, () => compareOnDevice(sample, 'cpu', { target: 'onnx' }));

  it('hold no operator of onnxruntime alone', () => {
    for (const { sample, compiled } of written) {
      const { graph, opsetImport } = fromBinary(ModelProtoSchema, compiled().model);
      assert.deepEqual(new Set(domains(graph!)), new Set(['']), sample.name);
      assert.deepEqual(
        opsetImport.map(({ domain, version }) => `${domain}${version}`),
        ['17'],
      );
    }
  });

  it('pass the checker of ONNX', function () {
    this.timeout(120_000);
    const python = pythonWith('onnx');
    if (python === undefined) skipWithout(this, 'onnx');
    const x = g.input('x', [2, 3]);
    const own = g.compile({ y: g.rmsNorm(x, g.input('w', [3]), 1e-5) }, { target: 'cpu' });
    assert.equal(checkerProblems(python, [['for onnxruntime', own.model]]).length, 1);
    assert.deepEqual(
      checkerProblems(
        python,
        written.map(({ sample, compiled }) => [sample.name, compiled().model] as const),
      ),
      [],
    );
  });
});
