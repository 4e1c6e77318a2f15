/** @file Plain values → YAML for files that the program writes. Never used on files that people wrote. */
import * as YAML from 'yaml';
import type { Plain } from './node';

/** Block style, with lists of plain values in one line: `betas: [0.9, 0.95]`. */
export function stringifyConfig(value: Plain, comment?: string): string {
  const document = new YAML.Document(value, { aliasDuplicateObjects: false });
  YAML.visit(document, {
    Seq: (_, node) => {
      node.flow = node.items.every((item) => YAML.isScalar(item));
    },
  });
  if (comment) document.commentBefore = ` ${comment}`;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
