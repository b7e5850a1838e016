import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Path of a project file, for code running from `src` or `dist/src`. @param name such as `conf/default.yaml` */
export function projectFile(name: string): string {
  let folder = __dirname;
  while (!existsSync(join(folder, name)) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, name);
}
