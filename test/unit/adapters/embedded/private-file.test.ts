import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFile } from '../../../../src/adapters/embedded/private-file';
import { openDatabase } from '../../../../src/adapters/embedded/sqlite-database';
import { tempFolders } from '../../../support/temp-folder';

const folders = tempFolders();

/** The locks that this process holds on a file. */
function locksOn(path: string): number {
  const { ino } = statSync(path);
  const mine = new RegExp(` ${process.pid} [0-9a-f]+:[0-9a-f]+:${ino} `);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => mine.test(line)).length;
}

describe('makePrivateFile', () => {
  it('makes a file that only this user may read', () => {
    const path = join(folders.make(), 'events.db');
    makePrivateFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves the locks of a connection to the file', () => {
    const path = join(folders.make(), 'events.db');
    const database = openDatabase(path);
    const held = locksOn(path);
    expect(held).toBeGreaterThan(0);
    makePrivateFile(path);
    expect(locksOn(path)).toBe(held);
    database.close();
  });

  it('refuses a folder of that name', () => {
    const path = join(folders.make(), 'events.db');
    mkdirSync(path);
    expect(() => makePrivateFile(path)).toThrow(expect.objectContaining({ code: 'EISDIR' }) as Error);
  });

  it('refuses a pipe of that name', () => {
    const path = join(folders.make(), 'events.db');
    execFileSync('mkfifo', [path]);
    expect(() => makePrivateFile(path)).toThrow(`Cannot use ${path}: it is not a regular file; move it away.`);
  });
});
