/** @file Single routes by the names that configurations use. */
import {
  antiDiagonals,
  column,
  columnSnake,
  raster,
  reversedOrder,
  rowSnake,
  spiral,
  type Order,
} from './orders';

const forward: Readonly<Record<string, (H: number, W: number) => Order>> = {
  raster,
  column,
  'row snake': rowSnake,
  'column snake': columnSnake,
  'anti-diagonals': antiDiagonals,
  spiral,
};

/** The order of `name` or of `reversed name`; undefined for an unknown one. */
export function routeOrder(name: string, H: number, W: number): Order | undefined {
  const back = name.startsWith('reversed ');
  const order = forward[back ? name.slice('reversed '.length) : name]?.(H, W);
  return order && back ? reversedOrder(order) : order;
}
