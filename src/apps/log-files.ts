import { isUtf8 } from 'node:buffer';
import { constants, type BigIntStats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, faultAndRemedy } from '../errno';
import { TelltaleError } from '../errors';
import type { Logger } from '../log';
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
  /** Paths that are skipped: further paths of the same file, and pipes, sockets and devices in a folder. */
  readonly skipped: readonly Skipped[];
}

interface Skipped {
  readonly path: string;
  readonly reason: 'same-file' | 'not-regular';
}

/**
 * Finds the files that paths name, including all files in folders, in order of their paths. A file is found once, by its
 * device and inode: links and other spellings of its path do not repeat its lines.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE before any read, when a path does not exist or is not a regular file or folder
 */
export async function findLogFiles(paths: readonly string[]): Promise<LogFiles> {
  const search: Search = { found: [], closed: [], skipped: [], known: new Set() };
  for (const path of paths) await searchAt(resolve(path), path, true, search);
  const { found, closed, skipped } = search;
  const taken = new Map<string, number>();
  const files = found.map(({ path, mtime }) => {
    const key = `${basename(dirname(path))}/${basename(path)}`;
    const seen = (taken.get(key) ?? 0) + 1;
    taken.set(key, seen);
    return { path, key: seen === 1 ? key : `${key}~${seen}`, mtime };
  });
  if (paths.length > 0 && files.length + closed.length === 0) {
    throw new TelltaleError('FILE_NOT_FOUND', `there are no files in ${paths.join(', ')}`);
  }
  return { files, closed, skipped };
}

/** Maximum number of skipped paths that are named. */
const NAMED = 10;

/** Logs the paths that were skipped, as one event. */
export function reportSkipped(skipped: readonly Skipped[], log: Pick<Logger, 'info'>): void {
  if (skipped.length > 0) log.info('files skipped', { count: skipped.length, first: skipped.slice(0, NAMED) });
}

interface Search {
  readonly found: { readonly path: string; readonly mtime: number }[];
  readonly closed: Unreadable[];
  readonly skipped: Skipped[];
  /** `<device>:<inode>` of all files and folders. */
  readonly known: Set<string>;
}

async function searchAt(path: string, given: string, isNamed: boolean, search: Search): Promise<void> {
  try {
    const found = await stat(path, { bigint: true });
    const isFolder = found.isDirectory();
    if (!isFolder && !found.isFile()) {
      if (isNamed) throw notRegular(given);
      search.skipped.push({ path, reason: 'not-regular' });
    } else if (isKnown(found, search.known)) {
      search.skipped.push({ path, reason: 'same-file' });
    } else if (isFolder) {
      await searchIn(path, given, search);
    } else {
      await (await open(path, constants.O_RDONLY | constants.O_NONBLOCK)).close();
      search.found.push({ path, mtime: Number(found.mtimeMs) });
    }
  } catch (cause) {
    if (cause instanceof TelltaleError) throw cause;
    search.closed.push(whyClosed(cause, path, given, isNamed));
  }
}

async function searchIn(folder: string, given: string, search: Search): Promise<void> {
  const names = await readdir(folder, { encoding: 'buffer' });
  for (const name of names.filter((bytes) => !isUtf8(bytes))) {
    search.closed.push({ path: join(folder, name.toString()), why: ' has a name that is not UTF-8: rename it' });
  }
  const readable = names.filter((bytes) => isUtf8(bytes)).map((bytes) => bytes.toString());
  for (const name of readable.sort()) await searchAt(join(folder, name), join(given, name), false, search);
}

/** True from the second time on. */
function isKnown({ dev, ino }: BigIntStats, known: Set<string>): boolean {
  const identity = `${dev}:${ino}`;
  if (known.has(identity)) return true;
  known.add(identity);
  return false;
}

function notRegular(given: string): TelltaleError {
  const advice = 'name a file or folder, or pipe it into "telltale replay -"';
  return new TelltaleError('FILE_UNREADABLE', `${given} is a pipe, a socket or a device: ${advice}`);
}

/** @throws FILE_NOT_FOUND, FILE_UNREADABLE when nothing else can be read either */
function whyClosed(cause: unknown, path: string, given: string, isNamed: boolean): Unreadable {
  const code = errnoOf(cause);
  if (code === 'EACCES' || code === 'EPERM') return unreadable(path, 'denied');
  // A broken symbolic link must not stop reading the rest of its folder.
  if (!isNamed && (code === 'ENOENT' || code === 'ELOOP')) return { path, why: ` leads nowhere (${code})` };
  if (code === 'ENOENT') throw new TelltaleError('FILE_NOT_FOUND', `there is no file or folder ${given}`, { cause });
  const remedy = faultAndRemedy(cause, 'check its permissions');
  throw new TelltaleError('FILE_UNREADABLE', `Cannot read ${given}${remedy}`, { cause });
}
