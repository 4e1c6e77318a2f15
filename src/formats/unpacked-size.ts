/**
 * @file How much packed bytes may unpack to. Deflate reaches 1,032 times its size and LZMA some thousand, but only
 * where nearly everything is the same byte, which no data are: tables of text reach some 20 times.
 */

/** Unpacked, this costs nobody anything. */
const FREE = 16 * 1024 * 1024;
const MOST_TIMES = 200;
/** A content is held in one piece. */
const MOST = 2 ** 30;

/** @returns the most bytes that `packed` bytes may unpack to */
export const mostUnpacked = (packed: number): number => Math.min(MOST, Math.max(FREE, MOST_TIMES * packed));
