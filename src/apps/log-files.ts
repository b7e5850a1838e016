import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf } from '../errno';
import { TelltaleError } from '../errors';
import { unreadable, type Unreadable } from './unreadable';

/** A log file given by path (`replay-equals-live`). */
export interface LogFile {
  readonly path: string;
  /** `<folder>/<file>`; a second equal one `<folder>/<file>~2`. The folder is its origin. */
  readonly key: string;
  /** Serves as LastModified: epoch milliseconds. */
  readonly mtime: number;
}

/** The files that paths name. */
export interface LogFiles {
  readonly files: readonly LogFile[];
  /** Existing files and folders that cannot be opened. */
  readonly closed: readonly Unreadable[];
}

/**
 * Finds the files that paths name, including all files in folders, in order of their paths.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE before any read, when a path does not exist
 */
export async function findLogFiles(paths: readonly string[]): Promise<LogFiles> {
  const files: LogFile[] = [];
  const closed: Unreadable[] = [];
  const taken = new Map<string, number>();
  for (const path of paths) {
    for (const found of await filesAt(resolve(path), path, true)) {
      if ('why' in found) {
        closed.push(found);
        continue;
      }
      const { file, mtime } = found;
      const key = `${basename(dirname(file))}/${basename(file)}`;
      const seen = (taken.get(key) ?? 0) + 1;
      taken.set(key, seen);
      files.push({ path: file, key: seen === 1 ? key : `${key}~${seen}`, mtime });
    }
  }
  if (paths.length > 0 && files.length + closed.length === 0) {
    throw new TelltaleError('FILE_NOT_FOUND', `there are no files in ${paths.join(', ')}`);
  }
  return { files, closed };
}

interface Found {
  readonly file: string;
  readonly mtime: number;
}

async function filesAt(path: string, given: string, isNamed: boolean): Promise<(Found | Unreadable)[]> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      const names = (await readdir(path)).sort();
      return (await Promise.all(names.map((name) => filesAt(join(path, name), join(given, name), false)))).flat();
    }
    await (await open(path, 'r')).close();
    return [{ file: path, mtime: Math.floor(found.mtimeMs) }];
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'EACCES' || code === 'EPERM') return [unreadable(path, 'denied')];
    // A broken symbolic link must not stop reading the rest of its folder.
    if (!isNamed && (code === 'ENOENT' || code === 'ELOOP')) return [{ path, why: ` leads nowhere (${code})` }];
    if (code === 'ENOENT') throw new TelltaleError('FILE_NOT_FOUND', `there is no file or folder ${given}`, { cause });
    throw new TelltaleError('FILE_UNREADABLE', `cannot read ${given} (${code}): check its permissions`, { cause });
  }
}
