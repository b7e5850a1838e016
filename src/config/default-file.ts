import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** How messages name the file that holds every key with its default. */
export const defaultFile = 'conf/default.yaml';

/** Where it is: in this folder's project, be it run from `src` or from `dist/src`. */
export function defaultFilePath(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, defaultFile)) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, defaultFile);
}
