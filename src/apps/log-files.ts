import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf } from '../adapters/embedded/errno';
import { TelltaleError } from '../errors';

/** A log file given by path (rule 20). */
export interface LogFile {
  readonly path: string;
  /** `<folder>/<file>`; a second equal one `<folder>/<file>~2`. The folder is its origin. */
  readonly key: string;
  readonly size: number;
  /** Stands for LastModified: epoch milliseconds. */
  readonly mtime: number;
}

/**
 * The files that paths name, folders with all that is in them, in order of their paths.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE before anything is read
 */
export async function findLogFiles(paths: readonly string[]): Promise<LogFile[]> {
  const files: LogFile[] = [];
  const taken = new Map<string, number>();
  for (const path of paths) {
    for (const { file, size, mtime } of await filesAt(resolve(path), path)) {
      const key = `${basename(dirname(file))}/${basename(file)}`;
      const seen = (taken.get(key) ?? 0) + 1;
      taken.set(key, seen);
      files.push({ path: file, key: seen === 1 ? key : `${key}~${seen}`, size, mtime });
    }
  }
  if (paths.length > 0 && files.length === 0) {
    throw new TelltaleError('FILE_NOT_FOUND', `there are no files in ${paths.join(', ')}`);
  }
  return files;
}

interface Found {
  readonly file: string;
  readonly size: number;
  readonly mtime: number;
}

async function filesAt(path: string, given: string): Promise<Found[]> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      const names = (await readdir(path)).sort();
      return (await Promise.all(names.map((name) => filesAt(join(path, name), join(given, name))))).flat();
    }
    await (await open(path, 'r')).close();
    return [{ file: path, size: found.size, mtime: Math.floor(found.mtimeMs) }];
  } catch (cause) {
    if (cause instanceof TelltaleError) throw cause;
    const code = errnoOf(cause);
    if (code === 'ENOENT') throw new TelltaleError('FILE_NOT_FOUND', `there is no file or folder ${given}`, { cause });
    throw new TelltaleError('FILE_UNREADABLE', `cannot read ${given} (${code}): check its permissions`, { cause });
  }
}
