/**
 * @file How gradients become an update: rules, parameter groups, the memory in which the CPU updates in place, and the
 * graphs by which a device does.
 */
export { clipCoefficient, Optimizer, type Update } from './cpu';
export type { OptimizerConfig } from './config';
export { FIRST, GRADIENT, NEXT, stateName, SUM } from './graph/names';
export { stepGraphs, type StepGraphs } from './graph/step';
export { parameterGroups, type ParameterInfo } from './groups';
export { updateRule } from './rules';
