import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';

import { TelltaleError } from '../../errors';
import { errnoOf, faultAndRemedy } from '../../errno';
import { makePrivateFile } from './private-file';

export interface Lock {
  release(): void;
}

/**
 * Takes a lock of a data folder, so that one program at a time has the role `name` (`single-owner`). It is SQLite's
 * exclusive lock on `<folder>/locks/<name>.lock`: the operating system releases it when its holder ends in any way.
 * @param name letters, digits and hyphens
 * @throws DATA_FOLDER_IN_USE when it is held, even by this process; DATA_FOLDER when the folder cannot be used
 */
export async function acquireLock(folder: string, name: string): Promise<Lock> {
  const locks = join(folder, 'locks');
  const path = join(locks, `${name}.lock`);
  try {
    await mkdir(locks, { recursive: true, mode: 0o700 });
    makePrivateFile(path);
    return holdFile(path);
  } catch (cause) {
    if (errnoOf(cause) === 'SQLITE_BUSY') {
      // `telltale local` runs both programs.
      const holder = `A ${name} already uses ${folder} (perhaps telltale local)`;
      const message = `${holder}: stop it, or name another data folder.`;
      throw new TelltaleError('DATA_FOLDER_IN_USE', message, { cause });
    }
    if (cause instanceof TelltaleError) throw cause;
    const message = `Cannot lock ${path}${faultAndRemedy(cause, 'make the folder writable')}`;
    throw new TelltaleError('DATA_FOLDER', message, { cause });
  }
}

function holdFile(path: string): Lock {
  const database = new Database(path, { timeout: 0 });
  try {
    // No prepared statement: a live one would keep the file open after `close`.
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    release: () => {
      if (database.open) database.close();
    },
  };
}
