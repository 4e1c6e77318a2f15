/** @file Where a text is cut into the part that trains and the part that validates. */
import { concatenated } from '../../util/concatenate';

/** The byte at which validation begins; never inside a UTF-8 character. */
export function cutOf(content: Uint8Array, share: number): number {
  const cut = content.length - Math.round(content.length * share);
  for (let back = 0; back < 4; back++) {
    const byte = content[cut - back];
    if (byte === undefined) break;
    if ((byte & 0xc0) !== 0x80) return cut - back;
  }
  // Not UTF-8.
  return cut;
}

/** All first parts as one stream, all last parts as another. */
export function splitText(
  files: readonly Uint8Array[],
  share: number,
): { readonly train: Uint8Array; readonly validation: Uint8Array } {
  const cuts = files.map((content) => cutOf(content, share));
  return {
    train: join(files.map((content, i) => content.subarray(0, cuts[i]))),
    validation: join(files.map((content, i) => content.subarray(cuts[i]))),
  };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  return concatenated(Uint8Array, parts);
}
