/** @file Rows of numbers that scroll; of long tables those are in the page that can be seen, and some beside them. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { number3 } from '../../src/figures/core/format';

export interface NumberColumn {
  readonly name: string;
  /** NaN where there is no value. */
  readonly at: (row: number) => number;
}

const rowHeight = 23;
/** Rows that are all put into the page. */
const wholeBelow = 2000;
/** Rows that are put into the page of longer tables, and how many of them lie above the first that is seen. */
const some = 100;
const above = 20;

export function DataRows({
  columns,
  count,
}: {
  columns: readonly NumberColumn[];
  count: number;
}): JSX.Element {
  const [top, setTop] = useState(0);
  const whole = count <= wholeBelow;
  // Where another table is shorter than this one was scrolled, it ends with its own last row.
  const first = whole ? 0 : Math.max(0, Math.min(count - some, Math.floor(top / rowHeight) - above));
  const last = whole ? count : first + some;
  return (
    <div
      class="data-scroll"
      tabIndex={0}
      role="region"
      aria-label="Data table"
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <table class="data" data-testid="data-table" aria-rowcount={count + 1}>
        <thead>
          <tr>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Spacer rows={first} columns={columns.length} />}
          {Array.from({ length: last - first }, (_, index) => (
            <Row key={first + index} row={first + index} columns={columns} />
          ))}
          {last < count && <Spacer rows={count - last} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, columns }: { row: number; columns: readonly NumberColumn[] }): JSX.Element {
  return (
    <tr aria-rowindex={row + 2}>
      {columns.map(({ name, at }) => {
        const value = at(row);
        const missing = Number.isNaN(value);
        return (
          <td key={name} data-value={missing ? '' : String(value)} data-column={name}>
            {missing ? '–' : name === 'step' ? String(value) : number3(value)}
          </td>
        );
      })}
    </tr>
  );
}

/** The height of rows that are not in the page. */
function Spacer({ rows, columns }: { rows: number; columns: number }): JSX.Element {
  return (
    <tr
      aria-hidden="true"
      ref={(element) => {
        if (element) element.style.height = `${rows * rowHeight}px`;
      }}
    >
      <td colSpan={columns} />
    </tr>
  );
}
