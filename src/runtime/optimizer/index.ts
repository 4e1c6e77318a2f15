/** @file Optimisers: rules, parameter groups, and the memory in which the CPU updates in place. */
export { clipCoefficient, Optimizer, type Update } from './cpu';
export { parameterGroups, type ParameterInfo } from './groups';
export { updateRule } from './rules';
