/** @file Sums of products by the names of their axes, as matrix products. */
import { check, ShapeError } from '../../errors';
import type { Tensor } from '../../types';
import { mul } from '../elementwise/binary';
import { equal } from '../elementwise/compare';
import { where } from '../elementwise/select';
import { iota, scalar } from '../leaves';
import { sum } from '../reduce/reduce';
import { reshape } from '../shape/reshape';
import { transpose } from '../shape/transpose';
import { matmul } from './matmul';

/** A tensor whose axes have names. */
interface Named {
  readonly x: Tensor;
  readonly axes: readonly string[];
}

/**
 * Einstein's summation: `einsum('bij,bjk->bik', a, b)`. Axes that the result does not name are summed over; a name
 * twice in one operand takes the diagonal. Operands are multiplied from the left, two at a time.
 * @param equation one letter per axis, operands separated by commas, the result behind `->`
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const { inputs, output } = parse(equation, operands);
  const extents = new Map<string, number>();
  const named = operands.map((x, i): Named => {
    const axes = inputs[i]!;
    check(
      axes.length === x.shape.length,
      'einsum',
      `'${axes.join('')}' does not name ${x.shape.length} axes`,
      [x],
    );
    for (const [k, name] of axes.entries()) {
      const known = extents.get(name) ?? x.shape[k]!;
      check(known === x.shape[k], 'einsum', `axis ${name} has extents ${known} and ${x.shape[k]}`, operands);
      extents.set(name, known);
    }
    return diagonal({ x, axes });
  });
  const unknown = output.find((name) => !extents.has(name));
  check(unknown === undefined, 'einsum', `no operand has the axis ${unknown}`, operands);
  let product = named[0]!;
  for (const [i, next] of named.slice(1).entries()) {
    const later = new Set([...output, ...named.slice(i + 2).flatMap(({ axes }) => axes)]);
    product = multiply(product, next, later);
  }
  return ordered(summed(product, new Set(output)), output);
}

function parse(equation: string, operands: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const match = /^([a-z]*(?:,[a-z]*)*)->([a-z]*)$/i.exec(equation.replaceAll(' ', ''));
  if (!match) throw new ShapeError('einsum', `'${equation}' is not of the form 'ij,jk->ik'`, operands);
  const inputs = match[1]!.split(',').map((axes) => [...axes]);
  const output = [...match[2]!];
  check(inputs.length === operands.length, 'einsum', `'${equation}' has ${inputs.length} operands`, operands);
  check(
    new Set(output).size === output.length,
    'einsum',
    `'${equation}' names an axis of the result twice`,
    operands,
  );
  return { inputs, output };
}

/** Without repeated names: a second axis of one name is masked to the diagonal and summed over. */
function diagonal({ x, axes }: Named): Named {
  const second = axes.findIndex((name, i) => axes.indexOf(name) < i);
  if (second < 0) return { x, axes };
  const first = axes.indexOf(axes[second]!);
  const n = x.shape[first]!;
  const along = (axis: number): Tensor =>
    reshape(
      iota(n),
      x.shape.map((_, i) => (i === axis ? n : 1)),
    );
  const kept = where(equal(along(first), along(second)), x, scalar(0, x.dtype));
  return diagonal({ x: sum(kept, [second]), axes: axes.filter((_, i) => i !== second) });
}

/** Sums over the axes that nothing later names. */
function summed({ x, axes }: Named, later: ReadonlySet<string>): Named {
  const gone = [...axes.keys()].filter((i) => !later.has(axes[i]!));
  return gone.length === 0 ? { x, axes } : { x: sum(x, gone), axes: axes.filter((name) => later.has(name)) };
}

function ordered({ x, axes }: Named, order: readonly string[]): Tensor {
  return transpose(
    x,
    order.map((name) => axes.indexOf(name)),
  );
}

/** The product of two, summed over what they share and nothing later names. */
function multiply(left: Named, right: Named, later: ReadonlySet<string>): Named {
  const a = summed(left, new Set([...later, ...right.axes]));
  const b = summed(right, new Set([...later, ...left.axes]));
  const shared = a.axes.filter((name) => b.axes.includes(name));
  const batch = shared.filter((name) => later.has(name));
  const inner = shared.filter((name) => !later.has(name));
  const rows = a.axes.filter((name) => !shared.includes(name));
  const columns = b.axes.filter((name) => !shared.includes(name));
  const axes = [...batch, ...rows, ...columns];
  const extent = ({ x, axes: names }: Named, group: readonly string[]): number[] =>
    group.map((name) => x.shape[names.indexOf(name)]!);
  const shape = [...extent(a, batch), ...extent(a, rows), ...extent(b, columns)];
  const size = (group: readonly number[]): number => group.reduce((product, n) => product * n, 1);
  if (inner.length === 0) {
    // Nothing to sum over: a product with broadcasting.
    const spread = reshape(ordered(a, [...batch, ...rows]), [
      ...extent(a, batch),
      ...extent(a, rows),
      ...columns.map(() => 1),
    ]);
    const other = reshape(ordered(b, [...batch, ...columns]), [
      ...extent(b, batch),
      ...rows.map(() => 1),
      ...extent(b, columns),
    ]);
    return { x: mul(spread, other), axes };
  }
  const lead = batch.length === 0 ? [] : [size(extent(a, batch))];
  const k = size(extent(a, inner));
  const x = matmul(
    reshape(ordered(a, [...batch, ...rows, ...inner]), [...lead, size(extent(a, rows)), k]),
    reshape(ordered(b, [...batch, ...inner, ...columns]), [...lead, k, size(extent(b, columns))]),
  );
  return { x: reshape(x, shape), axes };
}
