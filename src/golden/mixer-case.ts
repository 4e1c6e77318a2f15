/** @file One mixer built from a case: its definition, its sizes and its parameters as graph inputs. */
import type { Tensor } from '../graph';
import { mixers, type Dims, type LayerDefinition } from '../layers';
import { UNSEEN } from '../layers/define';
import type { GoldenCase } from './case';
import { caseInput } from './differentiate';
import { MalformedCase, NotSupported } from './errors';
import type { Feeds } from './machine';

export interface MixerCase {
  readonly definition: LayerDefinition;
  readonly resolved: unknown;
  readonly dims: Dims;
  /** Parameters under their names within the mixer. */
  readonly p: Readonly<Record<string, Tensor>>;
  /** The same tensors under their names in the case. */
  readonly leaves: Record<string, Tensor>;
}

/**
 * @param written the mixer's options as in a config
 * @param prefix of the parameters in the case
 * @throws NotSupported when an option does not take its value, MalformedCase when options or shapes contradict
 */
export function mixerCase(
  goldenCase: GoldenCase,
  mixer: string,
  written: Readonly<Record<string, unknown>>,
  feeds: Feeds,
  { d_model, prefix = 'param.' }: { readonly d_model: number; readonly prefix?: string },
): MixerCase {
  const dims: Dims = { d_model, n_layer: 1, residuals_per_layer: 1, norm_eps: 1e-5 };
  const definition = mixers[mixer]!;
  const parsed = definition.options.safeParse(written);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new NotSupported(`hyperparameter ${issue.path.join('.')}: ${issue.message}`);
  }
  const problem = definition.check(parsed.data, dims).find(({ severity = 'error' }) => severity === 'error');
  if (problem) throw new MalformedCase(problem.message);
  const resolved = definition.resolve(parsed.data, dims);
  const p: Record<string, Tensor> = {};
  const leaves: Record<string, Tensor> = {};
  for (const [name, { shape }] of Object.entries(definition.parameters(resolved, dims))) {
    const full = prefix + name;
    const leaf = caseInput(goldenCase, full, feeds);
    if (leaf.shape.join() !== shape.join()) {
      throw new MalformedCase(`${full} has shape [${leaf.shape.join(', ')}], expected [${shape.join(', ')}]`);
    }
    p[name] = leaves[full] = leaf;
  }
  return { definition, resolved, dims, p, leaves };
}

/** (batch, time, d_model) → (batch, time, d_model). */
export const forward = (x: Tensor, { definition, resolved, dims, p }: MixerCase): Tensor =>
  definition.forward(x, p, resolved, dims, UNSEEN);

/** The same, with what the layer lets be seen. */
export function probed(
  x: Tensor,
  { definition, resolved, dims, p }: MixerCase,
): { y: Tensor; probes: Readonly<Record<string, Tensor>> } {
  const probes: Record<string, Tensor> = {};
  const probe = (name: string, tensor: Tensor): void => void (probes[name] = tensor);
  return { y: definition.forward(x, p, resolved, dims, { probing: true, probe }), probes };
}
