import { statSync } from 'node:fs';
import { errnoOf } from './errno';

/**
 * True when there is a file or folder at a path. Node's `existsSync` also says no when it cannot know: then another file would
 * be made in its place.
 * @throws the error of the system, such as EACCES or EIO
 */
export function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}
