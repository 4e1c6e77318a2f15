/** @file The parts that a language is composed of. Everything else in this folder derives from them. */
import type { DataDefinition } from '../data/define';
import type { LayerDefinition } from '../layers/define';

export interface Registry {
  readonly mixers: Readonly<Record<string, LayerDefinition>>;
  readonly datasets: Readonly<Record<string, DataDefinition>>;
  /** How each mixer is written well, as a flow mapping; taken for snippets where given. */
  readonly mixerExamples?: Readonly<Record<string, string>>;
  /** Texts of built-in presets by name, for `extends`. */
  readonly presets?: ReadonlyMap<string, string>;
}
