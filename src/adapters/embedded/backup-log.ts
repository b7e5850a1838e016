import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import Database from 'libsql';

import { faultAndRemedy } from '../../errno';
import { exists } from '../../exists';
import { TelltaleError } from '../../errors';
import { damaged, eventLogError, textField } from './sqlite-database';

/**
 * Copies an event log into a new file, as of one moment, while programs may write to it. The copy is checked, and on the
 * disk when this returns. A copy that is not completed has the name `<target>.part`.
 * @throws USAGE when the target exists; EVENT_LOG_DAMAGED when the copy is damaged; DATA_FOLDER, DISK_FULL
 */
export async function backUpLog(path: string, target: string): Promise<void> {
  if (exists(target)) {
    throw new TelltaleError('USAGE', `${target} exists already: name a file that does not.`);
  }
  const part = `${resolve(target)}.part`;
  await makeEmpty(part);
  try {
    copy(path, part);
    check(part, target);
    await sync(part);
    await rename(part, target);
    await sync(dirname(part));
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw eventLogError(error, `Cannot copy the event log ${path} to ${target}`);
  }
}

function copy(path: string, part: string): void {
  const database = new Database(path, { timeout: 10_000 });
  try {
    // SQLite takes an empty file as target, and the file is private from its beginning.
    database.exec(`VACUUM INTO '${part.replaceAll("'", "''")}'`);
  } finally {
    database.close();
  }
}

async function makeEmpty(part: string): Promise<void> {
  try {
    await rm(part, { force: true });
    await (await open(part, 'wx', 0o600)).close();
  } catch (cause) {
    const message = `Cannot write ${part}${faultAndRemedy(cause, 'name a file in a folder that is writable')}`;
    throw new TelltaleError('DATA_FOLDER', message, { cause });
  }
}

function check(part: string, target: string): void {
  const copy = new Database(part);
  try {
    const answer = textField(copy.prepare('PRAGMA quick_check(1)').get(), 'quick_check');
    if (answer !== 'ok') throw damaged(`The copy for ${target} is damaged (${answer})`);
  } finally {
    copy.close();
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
