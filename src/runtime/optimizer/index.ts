/** @file The optimiser of the CPU: parameters in one WebAssembly memory, updated in place. */
export { AdamW, clipCoefficient } from './adamw';
export { ParameterMemory, type ParameterInfo } from './memory';
