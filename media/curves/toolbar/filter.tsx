/** @file The field that filters the runs; in a narrow panel a button that opens it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { IconButton } from '../../shared/controls';
import { Icon } from '../../shared/icons';
import type { CurvesModel } from '../model';

export function Filter({ model, narrow }: { model: CurvesModel; narrow: boolean }): JSX.Element {
  const { filter } = model.state;
  const [open, setOpen] = useState(filter !== '');
  if (narrow && !open && filter === '')
    return <IconButton icon="filter" label="Filter runs" onClick={() => setOpen(true)} />;
  return (
    <span class={narrow ? 'filter small' : 'filter'}>
      <Icon name="filter" />
      <input
        type="search"
        aria-label="Filter runs"
        placeholder="Filter runs, e.g. mixer:mamba"
        value={filter}
        onInput={(event) => model.patch({ filter: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          model.patch({ filter: '' });
          setOpen(false);
        }}
      />
    </span>
  );
}
