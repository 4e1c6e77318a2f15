/** @file Which routes each vision system scans, in the order in which its parameters are stacked. */
import {
  antiDiagonals,
  atrous,
  column,
  columnSnake,
  flipped,
  mirrored,
  raster,
  reversedOrder,
  rowSnake,
  spiral,
  windows,
  type Order,
} from './orders';

export interface Route {
  readonly name: string;
  readonly order: Order;
}

export interface RouteSystem {
  readonly title: string;
  /** How the routes' outputs come together. */
  readonly merge: string;
  routes(H: number, W: number): Route[];
}

const both = (name: string, order: Order): Route[] => [
  { name, order },
  { name: `${name} reversed`, order: reversedOrder(order) },
];

const cross = (H: number, W: number): Route[] => {
  const [r, c] = [raster(H, W), column(H, W)];
  return [
    { name: 'raster', order: r },
    { name: 'column', order: c },
    { name: 'raster reversed', order: reversedOrder(r) },
    { name: 'column reversed', order: reversedOrder(c) },
  ];
};

/** Base routes of the multi-head scan: C snakes, X anti-diagonals, S spirals, Z raster and column. */
export const multiHead = (H: number, W: number): Route[] => {
  const x = antiDiagonals(H, W);
  const s = spiral(H, W);
  return [
    { name: 'row snake', order: rowSnake(H, W) },
    { name: 'column snake', order: columnSnake(H, W) },
    { name: 'anti-diagonals', order: x },
    { name: 'anti-diagonals mirrored', order: mirrored(x, W) },
    { name: 'spiral', order: s },
    { name: 'spiral flipped', order: flipped(s, H, W) },
    { name: 'raster', order: raster(H, W) },
    { name: 'column', order: column(H, W) },
  ];
};

/** Class token H·W inserted in the middle of the raster sequence. */
export function middleClass(H: number, W: number): Order {
  const tokens = H * W;
  const middle = Math.floor(tokens / 2);
  return Int32Array.from({ length: tokens + 1 }, (_, t) => (t < middle ? t : t === middle ? tokens : t - 1));
}

/** Token id = frame · H·W + p; both frames at every pixel. */
export const interleaved = (order: Order): Order =>
  Int32Array.from({ length: 2 * order.length }, (_, t) => (t % 2) * order.length + order[Math.floor(t / 2)]!);

/** Reversed raster, column and reversed column of the half-resolution map as one sequence. */
export function multiScaleLow(H: number, W: number): Order {
  const [h, w] = [Math.ceil(H / 2), Math.ceil(W / 2)];
  const c = column(h, w);
  return Int32Array.from([...reversedOrder(raster(h, w)), ...c, ...reversedOrder(c)]);
}

export const skipping = (H: number, W: number, step = 2): Route[] => [
  { name: 'even row, even column', order: atrous(H, W, step, 0, 0, false) },
  { name: 'odd row, even column', order: atrous(H, W, step, 1, 0, true) },
  { name: 'even row, odd column', order: atrous(H, W, step, 0, 1, false) },
  { name: 'odd row, odd column', order: atrous(H, W, step, 1, 1, true) },
];

const sum = 'sum of the routes';

export const routeSystems: Readonly<Record<string, RouteSystem>> = {
  raster: {
    title: 'Raster, one direction',
    merge: sum,
    routes: (H, W) => [{ name: 'raster', order: raster(H, W) }],
  },
  vim: {
    title: 'Vision Mamba, class token in the middle',
    merge: sum,
    routes: (H, W) => both('raster', middleClass(H, W)),
  },
  ss2d: { title: 'Cross-scan (VMamba SS2D)', merge: sum, routes: cross },
  vmamba_bidi: {
    title: 'Bidirectional ablation (VMamba)',
    merge: sum,
    routes: (H, W) => {
      const r = raster(H, W);
      return [0, 1, 2, 3].map((k) =>
        k < 2 ? { name: 'raster', order: r } : { name: 'raster reversed', order: reversedOrder(r) },
      );
    },
  },
  vmamba_unidi: {
    title: 'Unidirectional ablation (VMamba)',
    merge: sum,
    routes: (H, W) => [0, 1, 2, 3].map(() => ({ name: 'raster', order: raster(H, W) })),
  },
  plainmamba: {
    title: 'Continuous 2-D scan (PlainMamba)',
    merge: sum,
    routes: (H, W) => [...both('row snake', rowSnake(H, W)), ...both('column snake', columnSnake(H, W))],
  },
  groupmamba: {
    title: 'One direction per quarter of the channels (GroupMamba)',
    merge: 'each quarter of the channels keeps its own route',
    routes: cross,
  },
  efficientvmamba: {
    title: 'Atrous scan, step 2 (EfficientVMamba)',
    merge: 'each token from the one route that holds it',
    routes: skipping,
  },
  local_w2: {
    title: 'Windows 2 × 2 (LocalMamba)',
    merge: sum,
    routes: (H, W) => both('windows 2', windows(H, W, 2)),
  },
  local_w3: { title: 'Windows 3 × 3', merge: sum, routes: (H, W) => both('windows 3', windows(H, W, 3)) },
  local_w7: {
    title: 'Windows 7 × 7 (LocalMamba)',
    merge: sum,
    routes: (H, W) => both('windows 7', windows(H, W, 7)),
  },
  mhs: { title: 'Multi-head scan (MHS-VM)', merge: 'four routes per head', routes: multiHead },
};
