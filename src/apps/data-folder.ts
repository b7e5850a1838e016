import { accessSync, constants, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config';
import { errnoOf, faultAndRemedy } from '../errno';
import { TelltaleError } from '../errors';
import { exists } from '../exists';
import type { Logger } from '../log';

/** Permissions of the group and of all others: read, write and search. */
const OTHERS = 0o077;

/** Paths of one installation's data. */
export interface DataFolder {
  readonly root: string;
  /** The event log. */
  readonly events: string;
  /** The object store. */
  readonly store: string;
  /** Sent mails. */
  readonly mail: string;
  /** Files of the generators. */
  readonly hosts: string;
  /** Which of their files were uploaded. */
  readonly uploads: string;
  /** Which files `telltale watch` reads. */
  readonly watch: string;
}

/**
 * Ensures that the data folder exists and is writable.
 * @throws DATA_FOLDER
 */
export function openDataFolder(folder: string): DataFolder {
  const root = resolve(folder);
  try {
    // It will hold log lines, so only this user may read it.
    makeFolders(root);
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const remedy = faultAndRemedy(cause, 'name another with --data or dataDir');
    throw new TelltaleError('DATA_FOLDER', `Cannot use ${root} as data folder${remedy}`, { cause });
  }
  return placesIn(root);
}

/** @throws an error of the system, which says why */
function makeFolders(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (isFolder(path)) return;
    // Node's `recursive` never returns where a folder exists and takes none, as in /proc.
    const parent = dirname(path);
    if (errnoOf(error) !== 'ENOENT' || exists(parent)) throw error;
    makeFolders(parent);
    makeFolders(path);
  }
}

/** Warns when other users of the machine may read an existing data folder: it holds log lines. */
export function warnOfOpenFolder({ root }: DataFolder, log: Pick<Logger, 'warn'>): void {
  if ((statSync(root).mode & OTHERS) === 0) return;
  log.warn('other users may read the data folder; run chmod 700 on it', { folder: root });
}

/**
 * Warns before the event log is made when the folder holds objects or mails of an earlier one: everything is read again.
 */
export function warnOfNewEventLog(
  { root, events, store, mail }: DataFolder,
  { kind }: Config['eventLog'],
  log: Pick<Logger, 'warn'>,
): void {
  const earlier = [store, mail].filter((folder) => exists(folder) && readdirSync(folder).length > 0);
  if (kind === 'kafka' || exists(events) || earlier.length === 0) return;
  log.warn(
    'the event log is new, and the data folder is not: all lines are read again (ingest.since); if the event log was moved, ' +
      'stop this program and put it back',
    { events, earlier, folder: root },
  );
}

/**
 * Opens a data folder for reading and creates nothing. With Kafka it may be empty.
 * @throws DATA_FOLDER when it must contain the event log, and no program has run on it; the error of the system, such as EIO,
 *   when that cannot be known
 */
export function findDataFolder({ dataDir, eventLog }: Pick<Config, 'dataDir' | 'eventLog'>): DataFolder {
  const data = placesIn(dataDir);
  if (eventLog.kind === 'kafka') return data;
  const isThere = exists(data.root);
  if (isThere && !isFolder(data.root)) {
    throw new TelltaleError(
      'DATA_FOLDER',
      `${data.root} is not a folder: name the data folder of a program with --data DIR`,
    );
  }
  if (isThere && !mayEnter(data.root)) {
    const message = `this user may not read ${data.root}: run this as the user who owns the data folder`;
    throw new TelltaleError('DATA_FOLDER', message);
  }
  if (exists(data.events)) return data;
  throw new TelltaleError(
    'DATA_FOLDER',
    `there is no event log in ${data.root}: name the data folder of a program with --data DIR`,
  );
}

function isFolder(path: string): boolean {
  return exists(path) && statSync(path).isDirectory();
}

function mayEnter(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The paths in a data folder, whether they exist or not. */
export function placesIn(folder: string): DataFolder {
  const root = resolve(folder);
  return {
    root,
    events: join(root, 'events.db'),
    store: join(root, 'store'),
    mail: join(root, 'mail'),
    hosts: join(root, 'hosts'),
    uploads: join(root, 'uploads.json'),
    watch: join(root, 'watch.json'),
  };
}
