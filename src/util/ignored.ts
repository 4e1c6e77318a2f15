/** @file The mark of targets that do not count. */

/** The target of a position where nothing is asked, as in PyTorch's cross entropy; ids are never negative. */
export const IGNORED = -100;
