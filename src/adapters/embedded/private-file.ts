import { closeSync, openSync } from 'node:fs';

/**
 * Ensures that a file for SQLite exists; only this user may read one that it makes. SQLite gives its other files the same
 * permissions. The error of a path that cannot be used has an errno, which SQLite's own lacks.
 */
export function makePrivateFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
}
