import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventLogError, openDatabase } from '../../../../src/adapters/embedded/sqlite-database';

describe('eventLogError', () => {
  it.each([
    ['SQLITE_READONLY', 'SQLITE_READONLY'],
    ['SQLITE_READONLY_DIRECTORY', 'SQLITE_READONLY_DIRECTORY'],
    ['UNKNOWN_SQLITE_ERROR_1544', 'SQLITE_READONLY'],
  ])('names the remedy when another user owns the event log: %s', (code, named) => {
    const error = eventLogError(Object.assign(new Error('attempt to write a readonly database'), { code }), 'No');
    expect(error).toMatchObject({
      code: 'DATA_FOLDER',
      message: `No (${named}): this user may not write to it; run this as the user who owns the data folder.`,
    });
  });

  it('gives that remedy for no other error', () => {
    expect(eventLogError({ code: 'UNKNOWN_SQLITE_ERROR_1034' }, 'No')).toMatchObject({ code: 'EVENT_LOG' });
  });
});

describe('openDatabase', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'telltale-database-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes files that only this user may read', () => {
    const path = join(folder, 'data', 'events.db');
    const database = openDatabase(path);
    const modes = [join(folder, 'data'), path, `${path}-wal`, `${path}-shm`].map((name) => statSync(name).mode & 0o777);
    database.close();
    expect(modes).toEqual([0o700, 0o600, 0o600, 0o600]);
  });

  it('says what to do when a folder has the name of the event log', () => {
    const path = join(folder, 'events.db');
    mkdirSync(path);
    const message = `Cannot open the event log ${path} (EISDIR): it is a folder; move it away.`;
    expect(() => openDatabase(path)).toThrow(message);
  });

  it('refuses commits beside it that cannot be read, before SQLite opens them', () => {
    const path = join(folder, 'events.db');
    mkdirSync(`${path}-wal`);
    const message = `Cannot read the commits ${path}-wal (EISDIR): it is a folder; move it away. Nothing was written.`;
    expect(() => openDatabase(path)).toThrow(message);
  });
});
