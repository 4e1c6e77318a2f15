/** @file The order in which nodes are written, which decides the order in which they run. */
import type { NodeProto } from 'onnx-buf';

/**
 * onnxruntime visits the nodes whose results nobody else needs from the last written to the first, each after all
 * that it depends on. Written as they were made, the gradients of the parameters would run at the very end, and
 * their operands, every activation among them, would stay until then. So those nodes go to the end in reverse: a
 * gradient runs as soon as its operands are there.
 */
export function runnable(nodes: readonly NodeProto[]): NodeProto[] {
  const used = new Set<string>();
  const use = (list: readonly NodeProto[]): void => {
    for (const { input, attribute } of list) {
      for (const name of input) used.add(name);
      for (const { g } of attribute) {
        if (!g) continue;
        use(g.node);
        for (const { name } of g.output) used.add(name);
      }
    }
  };
  use(nodes);
  const isLast = ({ output }: NodeProto): boolean => !output.some((name) => used.has(name));
  return [...nodes.filter((node) => !isLast(node)), ...nodes.filter(isLast).reverse()];
}
