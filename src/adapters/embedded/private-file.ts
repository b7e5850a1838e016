import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { errnoOf } from '../../errno';
import { TelltaleError } from '../../errors';

/**
 * Ensures that a file for SQLite exists; only this user may read one that it makes. SQLite gives its other files the same
 * permissions. The error of a path that cannot be used has an errno, which SQLite's own lacks.
 *
 * A file that exists is not opened: closing it would release all locks that this process holds on it, also those of a
 * connection that is open (https://www.sqlite.org/howtocorrupt.html, 2.2), and another process could remove its commits.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const found = statSync(path);
    if (found.isDirectory()) throw Object.assign(new Error(`${path} is a folder`), { code: 'EISDIR' });
    if (!found.isFile()) {
      const message = `Cannot use ${path}: it is not a regular file; move it away.`;
      throw new TelltaleError('DATA_FOLDER', message);
    }
    accessSync(path, constants.R_OK | constants.W_OK);
  }
}
