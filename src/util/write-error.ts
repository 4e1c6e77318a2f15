/** @file What a failed write means to a person, for the error codes that people meet. */

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space',
  EDQUOT: 'your disk quota is used up. Free some space',
  EACCES: 'there is no permission to write there. Change the permissions of the folder',
  EPERM: 'there is no permission to write there. Change the permissions of the folder',
  EROFS: 'the file system is read-only. Use another folder',
  EIO: 'the disk reports an error. Check it, or use another folder',
  ENOENT: 'its folder is gone',
  EMFILE: 'too many files are open',
};

/** For example "Cannot write X: the disk is full. Free some space"; without a full stop, so that more may follow. */
export function describeWriteError(path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const advice = code === undefined ? undefined : ADVICE[code];
  return `Cannot write ${path}: ${advice ?? (error instanceof Error ? error.message : String(error))}`;
}
