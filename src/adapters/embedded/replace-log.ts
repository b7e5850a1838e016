import { statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import Database from 'libsql';

import { exists } from '../../exists';
import { faultAndRemedy } from '../../errno';
import { isTelltaleError, TelltaleError } from '../../errors';
import { syncFolder } from './object-file';

/**
 * Replaces the file of an event log in steps that may each be the last one before a crash. The new file is complete and
 * written before the old one is moved; while the old one is moved, the new one stands beside its place.
 */

/** SQLite's own files beside a database. */
const SUFFIXES = ['', '-wal', '-shm'];

/** Where the new event log is made. */
export function beingMade(path: string): string {
  return `${path}.repairing`;
}

/** Where the new event log waits while the old one is moved. */
export function madeFor(path: string): string {
  return `${path}.repaired`;
}

/** True when a crash came while the old event log was moved: {@link putInPlace} does the rest. */
export function isReplacing(path: string): boolean {
  return exists(madeFor(path));
}

/** Removes a new event log that was not completed. */
export async function removeUnfinished(path: string): Promise<void> {
  await attempt(path, async () => {
    for (const suffix of SUFFIXES) await rm(`${beingMade(path)}${suffix}`, { force: true });
  });
}

/**
 * Puts the old event log aside, and the new one, which is closed, into its place.
 * @returns the name of the old one; null when there is none
 */
export async function replaceLog(path: string): Promise<string | null> {
  await attempt(path, async () => {
    await intoOneFile(beingMade(path));
    await rename(beingMade(path), madeFor(path));
    await syncFolder(dirname(path));
  });
  return putInPlace(path);
}

/** The second half of {@link replaceLog}, which may be repeated. */
export async function putInPlace(path: string): Promise<string | null> {
  return attempt(path, async () => {
    // The same name at each attempt, so that the old file and the commits beside it stay together.
    const aside = `${path}.damaged-${statSync(madeFor(path)).mtime.toISOString().replace(/[-:.]/g, '')}`;
    const found = SUFFIXES.filter((suffix) => exists(`${path}${suffix}`));
    for (const suffix of found) await rename(`${path}${suffix}`, `${aside}${suffix}`);
    await syncFolder(dirname(path));
    await rename(madeFor(path), path);
    await syncFolder(dirname(path));
    return SUFFIXES.some((suffix) => exists(`${aside}${suffix}`)) ? basename(aside) : null;
  });
}

/** Writes all commits into the file itself: the driver leaves them beside it when a database is closed. */
async function intoOneFile(path: string): Promise<void> {
  const database = new Database(path);
  try {
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
  const commits = `${path}-wal`;
  if (exists(commits) && statSync(commits).size > 0) {
    throw new TelltaleError('EVENT_LOG', `The new event log ${path} is not in one file: run "telltale repair" again.`);
  }
  await rm(commits, { force: true });
  await rm(`${path}-shm`, { force: true });
}

/** @throws DATA_FOLDER with the error of the system or of SQLite: the next repair does the rest */
async function attempt<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (isTelltaleError(cause)) throw cause;
    const remedy = faultAndRemedy(cause, 'check the data folder');
    const place = placeOfFault(cause, path);
    const message = `Cannot replace the event log: cannot write ${place}${remedy} Then run "telltale repair" again.`;
    throw new TelltaleError('DATA_FOLDER', message, { cause });
  }
}

/** The file that an error is about: of a rename, that with the new name. */
function placeOfFault(cause: unknown, otherwise: string): string {
  if (typeof cause !== 'object' || cause === null) return otherwise;
  if ('dest' in cause && typeof cause.dest === 'string') return cause.dest;
  return 'path' in cause && typeof cause.path === 'string' ? cause.path : otherwise;
}
