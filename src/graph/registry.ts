/** @file All operators, by name. */
import type { Operator } from './types';

const operators = new Map<string, Operator>();

/** Registers an operator; the tests walk the registry. */
export function defineOperator<A>(operator: Operator<A>): Operator<A> {
  if (operators.has(operator.name)) throw new Error(`The operator ${operator.name} is defined twice.`);
  operators.set(operator.name, operator);
  return operator;
}

export const registeredOperators = (): readonly Operator[] => [...operators.values()];
