/** @file Configs as texts with ranges: reading, merging, settings, sweeps. Knows nothing of the language itself. */
export * from './combine';
export * from './diagnostic';
export * from './edit';
export * from './extends';
export * from './merge';
export * from './nearest';
export * from './node';
export * from './parse';
export * from './path';
export * from './reader';
export * from './rules';
export * from './set';
export * from './source';
export * from './stringify';
export * from './sweep';
