/** @file Controls in the editor's look on native elements, so keyboard and screen readers need no help. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icons';

export function Segmented<T extends string>(props: {
  label: string;
  name: string;
  value: T;
  options: readonly { value: T; label: string; title?: string; disabled?: boolean }[];
  onChange(value: T): void;
}): JSX.Element {
  return (
    <div class="segmented" role="radiogroup" aria-label={props.label}>
      {props.options.map((option) => (
        <label key={option.value} class={option.value === props.value ? 'on' : ''} title={option.title}>
          <input
            type="radio"
            name={props.name}
            value={option.value}
            checked={option.value === props.value}
            disabled={option.disabled}
            onChange={() => props.onChange(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </div>
  );
}

export function Select<T extends string>(props: {
  label: string;
  value: T;
  options: readonly { value: T; label: string; disabled?: boolean }[];
  onChange(value: T): void;
  /** Looks like text until hovered: for titles. */
  plain?: boolean;
}): JSX.Element {
  return (
    <span class={props.plain ? 'select plain' : 'select'}>
      <select
        aria-label={props.label}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value as T)}
      >
        {props.options.map((option) => (
          <option
            key={option.value}
            value={option.value}
            selected={option.value === props.value}
            disabled={option.disabled}
          >
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="chevron" />
    </span>
  );
}

export function Checkbox(props: {
  checked: boolean;
  onChange(checked: boolean, event: MouseEvent): void;
  label?: string;
  children?: ComponentChildren;
  title?: string;
}): JSX.Element {
  return (
    <label class="checkbox" title={props.title}>
      <input
        type="checkbox"
        checked={props.checked}
        aria-label={props.label}
        onClick={(event) => props.onChange(event.currentTarget.checked, event)}
      />
      <span class="box">
        <Icon name="check" />
      </span>
      {props.children}
    </label>
  );
}

export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick(): void;
  pressed?: boolean;
  testid?: string;
  disabled?: boolean;
}): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      title={props.label}
      aria-label={props.label}
      aria-pressed={props.pressed}
      data-testid={props.testid}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

export interface MenuItem {
  readonly label: string;
  readonly checked?: boolean;
  readonly detail?: string;
  run(): void;
}

/** A button with a list of actions; arrows move, Escape closes and returns the focus. */
export function Menu(props: {
  icon: IconName;
  label: string;
  items: readonly (MenuItem | 'separator')[];
}): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    root.current?.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
    const outside = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!open) return;
    const items = [...(root.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (event.key === 'ArrowDown') items[(at + 1) % items.length]?.focus();
    else if (event.key === 'ArrowUp') items[(at - 1 + items.length) % items.length]?.focus();
    else if (event.key === 'Home') items[0]?.focus();
    else if (event.key === 'End') items.at(-1)?.focus();
    else if (event.key === 'Escape') {
      setOpen(false);
      root.current?.querySelector<HTMLElement>('button')?.focus();
    } else if (event.key === 'Tab') {
      setOpen(false);
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        class="icon-button"
        title={props.label}
        aria-label={props.label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name={props.icon} />
      </button>
      {open && (
        <div class="menu-list" role="menu" aria-label={props.label}>
          {props.items.map((item, index) =>
            item === 'separator' ? (
              <hr key={index} />
            ) : (
              <button
                key={index}
                type="button"
                tabIndex={-1}
                role={item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
                aria-checked={item.checked}
                onClick={() => {
                  setOpen(false);
                  item.run();
                }}
              >
                <span class="menu-check">{item.checked && <Icon name="check" />}</span>
                <span>{item.label}</span>
                {item.detail && <span class="secondary">{item.detail}</span>}
              </button>
            ),
          )}
        </div>
      )}
    </div>
  );
}

/** A line of text with a link-like action. */
export function LinkButton(props: { onClick(): void; children: ComponentChildren }): JSX.Element {
  return (
    <button type="button" class="link" onClick={props.onClick}>
      {props.children}
    </button>
  );
}
