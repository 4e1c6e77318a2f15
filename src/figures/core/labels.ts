/** @file Pushes labels apart on a line while keeping their order. */

/**
 * Positions at least `gap` apart within [low, high], as near to `wanted` as blocks of labels can stay:
 * overlapping labels form a block that is centred on the mean of what its members want.
 */
export function pushApart(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  interface Block {
    members: number[];
    /** Position of the first member. */
    start: number;
  }
  const blocks: Block[] = [];
  const place = (block: Block): void => {
    const mean =
      block.members.reduce((sum, member, k) => sum + wanted[member]! - k * gap, 0) / block.members.length;
    const span = (block.members.length - 1) * gap;
    block.start = Math.max(low, Math.min(high - span, mean));
  };
  for (const index of order) {
    let block: Block = { members: [index], start: 0 };
    place(block);
    for (;;) {
      const before = blocks.at(-1);
      if (!before || before.start + before.members.length * gap <= block.start + 1e-9) break;
      blocks.pop();
      block = { members: [...before.members, ...block.members], start: 0 };
      place(block);
    }
    blocks.push(block);
  }
  const result = new Array<number>(wanted.length);
  for (const block of blocks) {
    block.members.forEach((member, k) => {
      result[member] = block.start + k * gap;
    });
  }
  return result;
}
