/** @file `scan_routes`: orders of a grid and their inverses, exact. */
import { directions, inverse, windows, type Order } from '../../analysis/routes/orders';
import {
  interleaved,
  middleClass,
  multiHead,
  multiScaleLow,
  routeSystems,
  skipping,
} from '../../analysis/routes/systems';
import { column, raster, reversedOrder } from '../../analysis/routes/orders';
import type { GoldenCase } from '../case';
import type { Comparison } from '../compare';
import { compareTensor } from '../compare';
import { MalformedCase } from '../errors';
import { Options } from '../options';

export async function scanRoutes(goldenCase: GoldenCase): Promise<Comparison[]> {
  const options = new Options(goldenCase.hyperparameters);
  const H = options.size('H');
  const W = options.size('W');
  options.finish();
  return goldenCase.names.map((name) => {
    const at = name.lastIndexOf('.');
    const found = tensor(name.slice(0, at), name.slice(at + 1), H, W);
    if (!found) throw new MalformedCase(`there is no ${name}`);
    return compareTensor(name, found, goldenCase.tensor(name), goldenCase.tolerance, false);
  });
}

function tensor(system: string, what: string, H: number, W: number) {
  const tokens = H * W;
  if (system === 'vfimamba' && what === 'official_column_read')
    return { shape: [2 * tokens], values: releasedColumnRead(H, W) };
  const local = /^local_w(\d+)(_colfirst)?$/.exec(system);
  const single = local
    ? windows(H, W, Number(local[1]), local[2] !== undefined)
    : system === 'msvmamba_low'
      ? multiScaleLow(H, W)
      : undefined;
  if (single) {
    const values = what === 'order' ? single : what === 'inverse' ? inverse(single, tokens) : undefined;
    return values && { shape: [values.length], values };
  }
  const orders = ordersOf(system, H, W);
  if (!orders) return undefined;
  if (what === 'merge_route' || what === 'merge_pos')
    return { shape: [tokens], values: merge(orders, tokens, what) };
  const count = system === 'vim_middle_cls' ? tokens + 1 : system === 'vfimamba' ? 2 * tokens : tokens;
  const rows: Record<string, (order: Order) => Int32Array> = {
    order: (order) => order,
    inverse: (order) => inverse(order, count),
    direction: (order) => directions(order, W),
  };
  const make = rows[what];
  if (!make) return undefined;
  const made = orders.map(make);
  return { shape: [made.length, made[0]!.length], values: made.flatMap((row) => [...row]) };
}

function ordersOf(system: string, H: number, W: number): Order[] | undefined {
  if (system === 'vim_middle_cls') return [middleClass(H, W), reversedOrder(middleClass(H, W))];
  if (system === 'vfimamba') {
    const [r, c] = [interleaved(raster(H, W)), interleaved(column(H, W))];
    return [r, c, reversedOrder(r), reversedOrder(c)];
  }
  const routes =
    system === 'mhs'
      ? multiHead(H, W)
      : system === 'efficientvmamba_skip2'
        ? skipping(H, W)
        : routeSystems[system]?.routes(H, W);
  return routes?.map(({ order }) => order);
}

/** Which route holds a token, or where in it. */
const merge = (orders: readonly Order[], tokens: number, what: 'merge_route' | 'merge_pos'): number[] =>
  Array.from({ length: tokens }, (_, p) => {
    const route = orders.findIndex((order) => order.includes(p));
    return what === 'merge_route' ? route : orders[route]!.indexOf(p);
  });

/** The released code un-permutes the interleaved column routes as two halves of H · W, which is not their inverse. */
function releasedColumnRead(H: number, W: number): number[] {
  const tokens = H * W;
  const back = inverse(column(H, W), tokens);
  return Array.from({ length: 2 * tokens }, (_, q) => Math.floor(q / tokens) * tokens + back[q % tokens]!);
}
