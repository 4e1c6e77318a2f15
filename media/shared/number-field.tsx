/** @file A field for a whole number, which is taken when Enter is pressed or the field is left. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

/** What is no number of the range is dropped; beyond `max` it is `max` where `clamped`. */
export function NumberField(props: {
  label: string;
  value: number;
  min: number;
  max?: number | undefined;
  clamped?: boolean;
  onChange(value: number): void;
}): JSX.Element {
  const { label, value, min, max, clamped = false, onChange } = props;
  // Until it is taken the field shows what is typed, however often the panel is drawn meanwhile.
  const [typed, setTyped] = useState<string>();
  const take = (text: string): void => {
    setTyped(undefined);
    const wanted = Math.round(Number(text));
    const number = clamped && max !== undefined ? Math.min(max, wanted) : wanted;
    if (text !== '' && number >= min && number <= (max ?? Infinity)) onChange(number);
  };
  return (
    <input
      type="number"
      aria-label={label}
      min={min}
      max={max}
      value={typed ?? value}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onChange={(event) => take(event.currentTarget.value)}
    />
  );
}
