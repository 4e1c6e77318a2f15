/** @file The routes that are shown, and what the drawings of the scan order are given. */
import { routeSystems, type Route } from '../../../analysis/routes/systems';
import type { Measure, Pixels } from '../../core/scene';
import type { Theme } from '../../core/theme';
import type { Picture } from '../../../protocol/view-scan';

export interface OrderView {
  readonly system: string;
  readonly rows: number;
  readonly columns: number;
  readonly step: number;
  /** Chosen token: row · columns + column. */
  readonly token: number;
  readonly index: boolean;
  /** Whether the example's picture lies under the grid; shown unless switched off. */
  readonly image?: boolean | undefined;
}

export interface OrderOptions {
  readonly width: number;
  readonly theme: Theme;
  readonly measureText: Measure;
  /** The picture of the example, where the data are images. */
  readonly picture?: Picture | undefined;
}

export const routesOf = ({ system, rows, columns }: OrderView): readonly Route[] =>
  (routeSystems[system] ?? routeSystems['ss2d']!).routes(rows, columns);

/** Steps of the longest route. */
export const stepsOf = (view: OrderView): number =>
  Math.max(...routesOf(view).map(({ order }) => order.length));

export const where = (token: number, { rows, columns }: OrderView): string =>
  token < 0
    ? 'padding'
    : token >= rows * columns
      ? 'class token'
      : `row ${Math.floor(token / columns)}, column ${token % columns}`;

/** What every drawing of the view is about. */
export interface Shown {
  readonly view: OrderView;
  readonly routes: readonly Route[];
  /** The picture that lies under every grid. */
  readonly pixels: Pixels | undefined;
  /** Step at which each route reads a token, −1 for never. */
  readonly positions: readonly Int32Array[];
  readonly measureText: Measure;
}
