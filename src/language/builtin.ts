/** @file The language of this product: its mixers, data sets and presets. */
import { datasets } from '../data';
import { mixerExamples, mixers } from '../layers';
import { createLanguage, type Language } from './language';
import { presets } from './presets';

let made: Language | undefined;

/** Composed once, on first use. */
export function language(): Language {
  made ??= createLanguage({ mixers, mixerExamples, datasets, presets });
  return made;
}
