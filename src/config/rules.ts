/** @file What the generic config machinery must know about a language, passed in by the language itself. */
import type { Path } from './node';

/** A mapping whose other keys depend on the value of one of them. */
export interface Discriminator {
  /** `mixer`, `type`, … */
  readonly key: string;
  /** Whether a bare word stands for `{key: word}`, as in `data: induction-heads`. */
  readonly shortForm: boolean;
  /** The keys that go with a value, the discriminator included; undefined for an unknown value. */
  known(value: string): ReadonlySet<string> | undefined;
}

export interface Rules {
  /** The discriminator of the mapping at a path, if it has one. */
  discriminator(path: Path): Discriminator | undefined;
}
