/** @file Refactorings as edits of the text: comments and order stay. */
export { extractLayers } from './extract';
export { inlineBase } from './inline';
export { joinRepeats } from './repeat';
export { sortKeys } from './sort';
