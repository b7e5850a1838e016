import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { TelltaleError } from '../../errors';

/**
 * Reads a file of the data folder. A pipe or device in its place never ends, and would stop the whole process.
 * @throws DATA_FOLDER when it is neither a file nor a folder; the error of the file system
 */
export function readOwnFile(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile() && !found.isDirectory()) {
      throw new TelltaleError('DATA_FOLDER', `Cannot read ${path}: it is not a regular file; move it away.`);
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
