import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { types } from 'node:util';
import Database from 'libsql';

import { TelltaleError } from '../../errors';
import { errnoOf, faultAndRemedy, isDiskFull } from '../../errno';
import { firstCommitBeside, readCommitsBeside, type FirstCommit } from './commits-beside';
import { makePrivateFile } from './private-file';

export type SqliteDatabase = Database.Database;

/** Raised whenever tables change. Older files are brought to this version when they are opened; newer ones are refused. */
const SCHEMA_VERSION = 3;

const schema = `
  CREATE TABLE topic (
    name TEXT PRIMARY KEY,
    partitions INTEGER NOT NULL,
    cleanup TEXT NOT NULL,
    retention_ms INTEGER NOT NULL,
    compaction_lag_ms INTEGER NOT NULL DEFAULT 0,
    compression TEXT NOT NULL DEFAULT 'producer',
    timestamps TEXT NOT NULL DEFAULT 'create'
  ) WITHOUT ROWID;

  CREATE TABLE partition (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL REFERENCES topic,
    number INTEGER NOT NULL,
    -- The first offset that retention has kept, and the next one to assign.
    start_offset INTEGER NOT NULL DEFAULT 0,
    end_offset INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, number)
  );

  -- One row per record batch; in compacted topics one row per record, and without a compaction lag one per key.
  CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL REFERENCES partition,
    last_offset INTEGER NOT NULL,
    max_timestamp INTEGER NOT NULL,
    key BLOB,
    tombstone INTEGER NOT NULL,
    bytes BLOB NOT NULL
  );
  CREATE UNIQUE INDEX batch_by_offset ON batch (partition, last_offset);
  CREATE INDEX batch_by_key ON batch (partition, key, last_offset, max_timestamp) WHERE key IS NOT NULL;

  -- The newest epoch of each transactional id: writers with an older one are fenced.
  CREATE TABLE writer (transactional_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE group_offset (
    group_id TEXT NOT NULL,
    partition INTEGER NOT NULL REFERENCES partition,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (group_id, partition)
  ) WITHOUT ROWID;

  -- At most one row: see retention-clock.ts.
  CREATE TABLE retention_clock (time INTEGER NOT NULL, ahead_since INTEGER);
`;

/** Version 1 had no topic settings, and kept one record per key in every compacted topic. */
const fromVersion1 = `
  ALTER TABLE topic ADD COLUMN compaction_lag_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE topic ADD COLUMN compression TEXT NOT NULL DEFAULT 'producer';
  ALTER TABLE topic ADD COLUMN timestamps TEXT NOT NULL DEFAULT 'create';
  DROP INDEX batch_by_key;
  CREATE INDEX batch_by_key ON batch (partition, key, last_offset, max_timestamp) WHERE key IS NOT NULL;
`;

/** Version 2 had no clock of retention. It begins at the newest record, so that this start may have a wrong clock. */
const fromVersion2 = `
  CREATE TABLE retention_clock (time INTEGER NOT NULL, ahead_since INTEGER);
  INSERT INTO retention_clock
    SELECT newest, NULL FROM (
      SELECT max(max_timestamp) AS newest FROM partition JOIN batch ON batch.partition = partition.id
      WHERE last_offset = (SELECT max(last_offset) FROM batch AS last WHERE last.partition = partition.id))
    WHERE newest IS NOT NULL;
`;

/**
 * When a read fails while SQLite opens the commits beside a database, it takes the database for empty, without an error. New
 * tables, or its close, would then replace all commits. The next start of the program reads them again.
 */
const abandoned: SqliteDatabase[] = [];

const paths = new WeakMap<SqliteDatabase, string>();

/** The file of a database that {@link openDatabase} opened, for messages. */
export function pathOf(database: SqliteDatabase): string {
  return paths.get(database) ?? 'the event log';
}

/**
 * Opens the database of an event log, and makes it if there is none. Calls never wait for a lock: they fail at once, see
 * {@link isLocked}.
 * @throws DATA_FOLDER when the file cannot be used, or a newer version wrote it; SQLite's error when it is locked
 */
export function openDatabase(path: string): SqliteDatabase {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    makePrivateFile(path);
    checkCommits(path);
    const database = new Database(path, { timeout: 0 });
    paths.set(database, path);
    try {
      prepareDatabase(database, path);
    } catch (error) {
      if (!abandoned.includes(database)) database.close();
      throw error;
    }
    return database;
  } catch (cause) {
    if (isLocked(cause)) throw cause;
    if (cause instanceof TelltaleError) throw cause;
    const what = `Cannot open the event log ${path}`;
    if (isDiskFull(cause) || mayNotWrite(errnoOf(cause))) throw eventLogError(cause, what);
    const remedy = faultAndRemedy(cause, 'check that it is one, and writable');
    throw new TelltaleError('DATA_FOLDER', `${what}${remedy}`, { cause });
  }
}

/** @throws EVENT_LOG before SQLite opens commits that cannot all be read */
function checkCommits(path: string): void {
  try {
    readCommitsBeside(path);
  } catch (cause) {
    const message = `Cannot read the commits ${path}-wal${faultAndRemedy(cause, 'check the disk')}`;
    throw new TelltaleError('EVENT_LOG', `${message} Nothing was written.`, { cause });
  }
}

function prepareDatabase(database: SqliteDatabase, path: string): void {
  // Takes effect in a new file only. Batches are large: larger pages mean less work per batch.
  database.exec('PRAGMA page_size = 16384');
  // Readers never wait for a writer, and acknowledged data survives a power cut.
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec(`PRAGMA journal_size_limit = ${64 << 20}`);
  if (versionOf(database) === SCHEMA_VERSION) return;
  inTransaction(database, () => {
    // No other process can be between writing a commit and showing it: this one has the lock.
    if (versionOf(database) === 0) refuseUnreadCommits(database, path);
    makeSchema(database, path);
  });
}

/** @throws EVENT_LOG, or the error of the system, when there are commits that SQLite did not see */
function refuseUnreadCommits(database: SqliteDatabase, path: string): void {
  let commit: FirstCommit;
  try {
    commit = firstCommitBeside(path);
  } catch (error) {
    abandoned.push(database);
    throw error;
  }
  if (commit === 'none') return;
  // Closing it, also by garbage collection, would delete the commits.
  abandoned.push(database);
  const message = `The commits beside ${path} (events.db-wal) could not be read: check the disk, and start again.`;
  if (commit === 'damaged') throw new TelltaleError('EVENT_LOG', message);
  // SQLite hides the error of the read. Commits with correct sums that it did not see are not damaged.
  const cause = Object.assign(new Error(`EIO: SQLite could not read ${path}-wal`), { code: 'EIO' });
  throw new TelltaleError('EVENT_LOG', message, { cause });
}

function versionOf(database: SqliteDatabase): number {
  return numberField(database.prepare('PRAGMA user_version').get(), 'user_version');
}

function makeSchema(database: SqliteDatabase, path: string): void {
  const version = versionOf(database);
  if (version > SCHEMA_VERSION) {
    const message = `The event log ${path} has format ${version}, this Telltale writes ${SCHEMA_VERSION}`;
    throw new TelltaleError('DATA_FOLDER', `${message}: use the version that wrote it, or another data folder.`);
  }
  if (version === SCHEMA_VERSION) return;
  if (version === 0) database.exec(schema);
  if (version === 1) database.exec(fromVersion1);
  if (version === 1 || version === 2) database.exec(fromVersion2);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

/** Runs `step` as one write transaction, all or nothing. */
export function inTransaction<T>(database: SqliteDatabase, step: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  let result: T;
  try {
    result = step();
  } catch (error) {
    rollBack(database);
    throw error;
  }
  try {
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw new FailedCommit(error);
  }
  return result;
}

/** Runs reads that must see one moment. */
export function inSnapshot<T>(database: SqliteDatabase, read: () => T): T {
  database.exec('BEGIN');
  try {
    return read();
  } finally {
    rollBack(database);
  }
}

/** COMMIT itself failed: after some errors its last write may or may not have reached the disk. */
export class FailedCommit extends Error {
  readonly code: string;

  constructor(cause: unknown) {
    super('COMMIT failed', { cause });
    this.code = errnoOf(cause);
  }
}

/** SQLite itself ends the transaction when the disk is full. */
function rollBack(database: SqliteDatabase): void {
  if (database.inTransaction) database.exec('ROLLBACK');
}

/** Readers also write: SQLite keeps a file of readers beside the event log. */
const ASK_OWNER = 'this user may not write to it; run this as the user who owns the data folder';

function mayNotWrite(code: string): boolean {
  return code === 'EACCES' || code.startsWith('SQLITE_READONLY');
}

/** True when another program has locked the database: nothing was done, and the same call may succeed later. */
export function isLocked(error: unknown): boolean {
  return errnoOf(error).startsWith('SQLITE_BUSY');
}

/** True when SQLite finds its own structures damaged. */
export function isDamage(error: unknown): boolean {
  const code = errnoOf(error);
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

/** The structure of the file is damaged, not one batch alone. */
export function damaged(what: string, cause?: unknown): TelltaleError {
  const message = `${what}: events.db is damaged. Stop the programs, and run "telltale repair".`;
  return new TelltaleError('EVENT_LOG_DAMAGED', message, { cause });
}

/** Wraps an unexpected error of the database. */
export function eventLogError(cause: unknown, what: string): TelltaleError {
  if (cause instanceof TelltaleError) return cause;
  if (isDamage(cause)) return damaged(`${what} (${errnoOf(cause)})`, cause);
  if (isDiskFull(cause)) return new TelltaleError('DISK_FULL', `${what}${faultAndRemedy(cause, '')}`, { cause });
  const code = errnoOf(cause);
  if (mayNotWrite(code)) {
    return new TelltaleError('DATA_FOLDER', `${what} (${code}): ${ASK_OWNER}.`, { cause });
  }
  return new TelltaleError('EVENT_LOG', `${what}${faultAndRemedy(cause, 'it is tried again')}`, { cause });
}

export function numberField(row: unknown, name: string): number {
  const value = fieldOf(row, name);
  if (typeof value === 'number') return value;
  throw new TelltaleError('INTERNAL', `The event log's column ${name} does not hold a number.`);
}

export function numberOrNull(row: unknown, name: string): number | null {
  return fieldOf(row, name) === null ? null : numberField(row, name);
}

export function textField(row: unknown, name: string): string {
  const value = fieldOf(row, name);
  if (typeof value === 'string') return value;
  throw new TelltaleError('INTERNAL', `The event log's column ${name} does not hold text.`);
}

export function bytesField(row: unknown, name: string): Buffer {
  const value = bytesOrNull(row, name);
  if (value !== null) return value;
  throw new TelltaleError('INTERNAL', `The event log's column ${name} does not hold a BLOB.`);
}

/** Null for anything but a BLOB. */
export function bytesOrNull(row: unknown, name: string): Buffer | null {
  const value = fieldOf(row, name);
  if (Buffer.isBuffer(value)) return value;
  // The driver returns ArrayBuffers when it reads many rows at once.
  return types.isArrayBuffer(value) ? Buffer.from(value) : null;
}

function fieldOf(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, name) : undefined;
}
