import { getSystemErrorName } from 'node:util';

/**
 * The name of a system or SQLite error (`ENOENT`, `SQLITE_BUSY`), else its message. Checks the shape, not the class: an
 * error from another realm is not an instance of this realm's Error.
 */
export function errnoOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return named(error.code);
  const message = 'message' in error ? String(error.message) : '';
  // The SQLite driver is written in Rust, and gives no other code for an error of the system.
  const number = /\(os error (\d{1,3})\)$/.exec(message)?.[1];
  if (number !== undefined) return getSystemErrorName(-Number(number));
  return message === '' ? 'unknown error' : message;
}

/** Result codes that the SQLite driver does not name: the lowest byte is the kind. https://www.sqlite.org/rescode.html */
const sqliteKinds: ReadonlyMap<number, string> = new Map([
  [5, 'SQLITE_BUSY'],
  [6, 'SQLITE_LOCKED'],
  [8, 'SQLITE_READONLY'],
  [10, 'SQLITE_IOERR'],
  [11, 'SQLITE_CORRUPT'],
  [13, 'SQLITE_FULL'],
  [14, 'SQLITE_CANTOPEN'],
  [26, 'SQLITE_NOTADB'],
]);

function named(code: string): string {
  const number = /^UNKNOWN_SQLITE_ERROR_(\d+)$/.exec(code)?.[1];
  return number === undefined ? code : (sqliteKinds.get(Number(number) & 0xff) ?? code);
}

const full = 'the disk is full; free some space';
const denied = 'this user may not use it; run this as the user who owns it, or change its permissions';

/**
 * Faults of files and folders, with the remedy of each: errno.h, and SQLite's result codes
 * (https://www.sqlite.org/rescode.html). SQLite reports a full disk as a failed write, too.
 */
const remedies: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', full],
  ['SQLITE_FULL', full],
  ['SQLITE_IOERR_WRITE', full],
  ['SQLITE_IOERR_SHMSIZE', full],
  ['EDQUOT', "this user's share of the disk is used up; free some space, or raise the quota"],
  ['EFBIG', 'the file has reached the largest allowed size; raise the limit (ulimit -f)'],
  ['EROFS', 'the file system is read-only; mount it writable, or choose another folder'],
  ['EIO', 'the disk reports an error; check it'],
  ['SQLITE_IOERR', 'the disk reports an error; check it'],
  ['EMFILE', 'this process has too many open files; raise the limit (ulimit -n)'],
  ['ENFILE', 'this machine has too many open files; raise the limit (fs.file-max)'],
  ['SQLITE_CANTOPEN', 'check its permissions, and how many files this process may open (ulimit -n)'],
  ['ENOTDIR', 'a part of its path is a file; choose another path'],
  ['ENOENT', 'a part of its path does not exist; make it, or choose another path'],
  ['ELOOP', 'its path has too many links; choose another path'],
  ['ENAMETOOLONG', 'its path is too long; choose a shorter one'],
  ['EISDIR', 'it is a folder; move it away'],
  ['EACCES', denied],
  ['EPERM', denied],
  ['SQLITE_NOTADB', 'another program wrote it; move it away'],
  ['SQLITE_BUSY', 'another program has locked it; end that program, and try again'],
  ['SQLITE_CORRUPT', 'it is damaged; move it away, or restore it from a backup'],
]);

/**
 * The fault and its remedy, to follow a sentence such as "Cannot open x": ` (ENOSPC): the disk is full; free some space.`
 * @param otherwise the remedy for a fault that has no row in the table
 */
export function faultAndRemedy(error: unknown, otherwise: string): string {
  const code = errnoOf(error);
  const kind = code.startsWith('SQLITE_IOERR') ? 'SQLITE_IOERR' : code;
  return ` (${code}): ${remedies.get(code) ?? remedies.get(kind) ?? otherwise}.`;
}

/**
 * A sentence for an error of the file system or of a socket that no part of the program expects: `Cannot open x (EMFILE): this
 * process has too many open files; …`. Null for any other error.
 */
export function unexpectedFault(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('syscall' in error)) return null;
  const path = 'path' in error && typeof error.path === 'string' ? ` ${error.path}` : '';
  return `Cannot ${String(error.syscall)}${path}${faultAndRemedy(error, 'run again with --verbose for the details')}`;
}

/** True when more space makes the same call succeed. */
export function isDiskFull(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'EDQUOT' || code === 'EFBIG' || remedies.get(code) === full;
}
