/** @file The optimiser of the CPU: parameters in one WebAssembly memory, updated in place. */
export { AdamW, clipCoefficient, type AdamWOptions } from './adamw';
export { MemoryTooLarge, ParameterMemory, type ParameterInfo } from './memory';
