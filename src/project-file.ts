import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where a file of the project lies, be it run from `src` or from `dist/src`. @param name such as `conf/default.yaml` */
export function projectFile(name: string): string {
  let folder = __dirname;
  while (!existsSync(join(folder, name)) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, name);
}
