/** @file What stands for minus infinity. */

/** Added where nothing may be seen: its exponential is zero, and being finite it makes no gradient NaN. */
export const HIDDEN = -1e30;
