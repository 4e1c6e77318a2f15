/** @file How much memory training takes, found on the graphs that training runs. */
import { processMemory } from './cpu';
import { deviceMemory } from './device';
import type { MemoryRequest, TrainingMemory } from './types';

export type { MemoryRequest, TrainingMemory } from './types';

/** `auto` checkpointing counts as none; see `resolvedCheckpointing`. @throws ModelError when there is no such model */
export const trainingMemory = (request: MemoryRequest): TrainingMemory =>
  request.target === 'webgpu' ? deviceMemory(request) : processMemory(request);

/** Share of the machine's memory that a run may take before `auto` trades time for memory. */
const SHARE = 0.6;

/** What `activation_checkpointing: auto` means on a machine of so many bytes. */
export function resolvedCheckpointing(request: MemoryRequest, available: number): 'none' | 'blocks' {
  const { activation_checkpointing: asked } = request.train;
  if (asked !== 'auto') return asked;
  const train = { ...request.train, activation_checkpointing: 'none' as const };
  return trainingMemory({ ...request, train }).total > SHARE * available ? 'blocks' : 'none';
}
