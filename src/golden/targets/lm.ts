/** @file `mamba.lm` and `mamba2.lm`: logits, mean next-token loss and all parameter gradients. */
import * as g from '../../graph';
import type { GoldenCase } from '../case';
import { caseGradients } from '../differentiate';
import { MalformedCase } from '../errors';
import { caseIds, caseModel, caseParameters, columnsOf } from '../language-model';
import type { Feeds, Machine, Results } from '../machine';
import { Options } from '../options';

export async function languageModel(goldenCase: GoldenCase, machine: Machine): Promise<Results> {
  const options = new Options(goldenCase.hyperparameters);
  const [batch, length] = goldenCase.shape('input.ids', 2) as [number, number];
  if (length < 2) throw new MalformedCase('a next token needs at least two');
  const built = caseModel(goldenCase, options, length);
  options.finish();
  const { model, theirs } = built;
  const ids = caseIds(goldenCase, 'input.ids', 2, model.rows);
  const feeds: Feeds = {
    ...caseParameters(goldenCase, built),
    inputs: ids,
    targets: columnsOf(ids.values, length, 1, length - 1),
  };
  const p = model.parameterInputs();
  const inputs = model.inputs(batch, length);
  const { logits, loss } = model.nextToken(inputs, g.input('targets', [batch, length - 1], 'int32'), p);
  const leaves = Object.fromEntries([...theirs].map(([ours, name]) => [`param.${name}`, p[ours]!]));
  const gradients = caseGradients(goldenCase, [{ output: loss }], leaves, feeds);
  const outputs = { 'output.logits': logits, 'output.loss': g.reshape(loss, [1]), ...gradients };
  return machine.evaluate(outputs, feeds);
}
