/** @file What people write about a run: a name, tags, a pin. Kept in its folder, so that it travels with the run. */
import * as nodeFs from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { RunFolderError } from './errors';
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
    const text = nodeFs.readFileSync(file(dir), 'utf8');
    return notesSchema.safeParse(JSON.parse(text)).data ?? none;
  } catch {
    return none;
  }
}

/**
 * Changes some of the notes. Keys that are not ours stay, and a file that is no JSON is kept beside.
 * @throws RunFolderError when the folder cannot be written, or what is there cannot be read and would be lost
 */
export function writeNotes(dir: string, patch: Partial<RunNotes>, fs: SyncFileSystem = nodeFs): RunNotes {
  const before = there(file(dir), fs);
  const merged = { ...none, ...notesSchema.safeParse(before).data, ...patch };
  const notes = notesSchema.parse({ ...merged, tags: [...new Set(merged.tags)] });
  const { name: _name, ...others } = before;
  writeAtomic(file(dir), `${JSON.stringify({ ...others, ...notes }, null, 2)}\n`, fs);
  return notes;
}

/** What the file holds; one that makes no sense is renamed. */
function there(path: string, fs: SyncFileSystem): Record<string, unknown> {
  try {
    const text = fs.readFileSync(path, 'utf8');
    const value = mapping(text);
    if (value) return value;
    fs.renameSync(path, `${path.slice(0, -'.json'.length)}.damaged.json`);
    return {};
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    const message = `The notes in ${path} cannot be read (${code ?? String(error)}), so they are not changed.`;
    throw new RunFolderError('write', message, error);
  }
}

function mapping(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** `a, b #c` as tags; empty text means none. */
export function tagsFrom(text: string): string[] {
  const words = text.split(',').map((word) => word.trim().replace(/^#/, ''));
  return [...new Set(words.filter((word) => word !== ''))].slice(0, most);
}
