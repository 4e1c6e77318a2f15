/** @file The layers of a config moved into a file of their own that the config then extends. */
import { isFlow, type Fix, type MapNode } from '../../config';
import { columnOf, indented, lineEnd, lineStart, withComments } from './lines';

export interface Extracted {
  /** Text of the new file. */
  readonly text: string;
  readonly fixes: readonly Fix[];
}

/**
 * @param reference how the config names the new file
 * @returns undefined where layers cannot be moved: they are not written here, `extends` is taken, or aliases
 * would lose their anchors
 */
export function extractLayers(root: MapNode, reference: string): Extracted | undefined {
  const model = root.entries.get('model');
  if (root.entries.has('extends') || isFlow(root) || model?.node.kind !== 'map' || isFlow(model.node))
    return undefined;
  const layers = model.node.entries.get('layers');
  const { source } = root.where;
  const { text } = source;
  if (layers?.node.kind !== 'list' || /[&*][\w-]/.test(text)) return undefined;
  // A model of nothing but layers goes as a whole: an empty one could not stay.
  const moved = model.node.entries.size === 1 ? model : layers;
  const first = lineStart(text, moved.keyWhere.start);
  const start = withComments(text, first, lineEnd(text, moved === model ? 0 : model.keyWhere.end));
  const end = lineEnd(text, layers.node.where.end);
  const body = text.slice(start, end);
  const lines = body.endsWith('\n') ? body : `${body}\n`;
  const content =
    moved === model ? lines : `model:\n${indented(lines, columnOf(source, layers.keyWhere.start), 2)}`;
  const title = `Move the layers to \`${reference}\``;
  const head = lineStart(text, root.where.start);
  const at = Math.min(head, start);
  return {
    text: content,
    fixes: [
      { title, start: at, end: at, text: `extends: ${reference}\n` },
      { title, start, end, text: '' },
    ],
  };
}
