/** @file The few icons of the panels, drawn on a 16-pixel grid in the text colour. */
import type { JSX } from 'preact';

const shapes = {
  filter: 'M2.5 3.5h11M4.5 8h7M6.5 12.5h3',
  chevron: 'M4 6.5l4 4 4-4',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M4.5 2.8v10.4l8.5-5.2z',
  export: 'M2.5 3v10M5.5 8h8M10.5 5l3 3-3 3',
  more: 'M3.2 8h.01M8 8h.01M12.8 8h.01',
  sync: 'M13 6.5A5.2 5.2 0 0 0 3.6 5M3 9.5A5.2 5.2 0 0 0 12.4 11M13.2 3v3.5H9.8M2.8 13V9.5h3.4',
  error: 'M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  warning: 'M8 2.5l6 11H2zM8 6.5v3.5M8 11.8v.2',
  check: 'M3.5 8.5l3 3 6-7',
  table: 'M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.7h11M7 3v10',
  chart: 'M2.5 2.5v11h11M4.5 10.5l3-4 2.5 2 3.5-5',
  close: 'M4 4l8 8M12 4l-8 8',
  up: 'M8 13V3.5M4.5 7L8 3.5 11.5 7',
  down: 'M8 3v9.5M4.5 9L8 12.5 11.5 9',
  'step-back': 'M3 3.5V7h3.5M3.3 7A5 5 0 1 1 5.5 11M8 13.5h.01',
  'step-over': 'M13 3.5V7H9.5M12.7 7A5 5 0 1 0 10.5 11M8 13.5h.01',
  beaker: 'M6 2.5h4M6.8 2.5v4L3 12.5a.7.7 0 0 0 .6 1h8.8a.7.7 0 0 0 .6-1L9.2 6.5v-4M5 10h6',
  edit: 'M11 2.5l2.5 2.5-8 8-3 .5.5-3z',
  stop: 'M4 4h8v8H4z',
  text: 'M2 3.5h12M2 7h8M2 10.5h12M2 14h5',
  branch: 'M4 3v5a3 3 0 0 0 3 3h6M10.5 8.5L13 11l-2.5 2.5',
  pin: 'M5.5 2.5h5M6.5 2.5v4L4 9.5h8l-2.5-3v-4M8 9.5v4',
  compare: 'M2.5 3h4.5v10H2.5zM9 3h4.5v10H9zM9 8h4.5',
  'zoom-in': 'M7 2.5a4.5 4.5 0 1 0 0 9A4.5 4.5 0 1 0 7 2.5M10.3 10.3l3.2 3.2M5 7h4M7 5v4',
  'zoom-out': 'M7 2.5a4.5 4.5 0 1 0 0 9A4.5 4.5 0 1 0 7 2.5M10.3 10.3l3.2 3.2M5 7h4',
  'zoom-reset': 'M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3M6 6h4v4H6z',
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name, label }: { name: IconName; label?: string }): JSX.Element {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      role={label ? 'img' : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
    >
      <path d={shapes[name]} />
    </svg>
  );
}
