/** @file A run's name where there is little room. */
import type { RunEntry } from '../services';

/** `tiny · ed73` instead of the date that folders are named by. */
export const runName = ({ name }: RunEntry): string => name.replace(/\/\d{8}-\d{6}-([0-9a-f]{4})$/, ' · $1');
