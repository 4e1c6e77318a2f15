/** @file What people write about a run: a name, tags, a pin. Kept in its folder, so that it travels with the run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeAtomic, type SyncFileSystem } from './files';

const longest = 200;
const most = 20;

const notesSchema = z.object({
  name: z.string().trim().min(1).max(longest).optional().catch(undefined),
  tags: z.array(z.string().trim().min(1).max(longest)).max(most).catch([]).default([]),
  pinned: z.boolean().catch(false).default(false),
});
export type RunNotes = z.output<typeof notesSchema>;

const file = (dir: string): string => join(dir, 'notes.json');
const none: RunNotes = { tags: [], pinned: false };

/** What is not readable counts as not written: notes never stand in the way of a run. */
export function readNotes(dir: string): RunNotes {
  try {
    const text = readFileSync(file(dir), 'utf8');
    return notesSchema.safeParse(JSON.parse(text)).data ?? none;
  } catch {
    return none;
  }
}

/**
 * Changes some of the notes.
 * @throws RunFolderError when the folder cannot be written
 */
export function writeNotes(dir: string, patch: Partial<RunNotes>, fs?: SyncFileSystem): RunNotes {
  const merged = { ...readNotes(dir), ...patch };
  const notes = notesSchema.parse({ ...merged, tags: [...new Set(merged.tags)] });
  writeAtomic(file(dir), `${JSON.stringify(notes, null, 2)}\n`, fs);
  return notes;
}

/** `a, b #c` as tags; empty text means none. */
export function tagsFrom(text: string): string[] {
  const words = text.split(',').map((word) => word.trim().replace(/^#/, ''));
  return [...new Set(words.filter((word) => word !== ''))].slice(0, most);
}
