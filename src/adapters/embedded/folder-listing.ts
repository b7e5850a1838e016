import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { errnoOf } from './errno';
import { asidePath, decodeName, encodeKey } from './object-path';

/** A file (an object) or a folder (objects whose keys begin with `key`). */
interface Entry {
  readonly key: string;
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * Keys of the objects below a bucket's folder, in UTF-8 order. Holds the names of one folder and of the folders above it.
 */
export async function* listFolder(root: string, prefix: string): AsyncGenerator<string> {
  const open: Entry[][] = [await entriesOf(root, '', prefix)];
  let last: string | null = null;
  for (let entries = open.at(-1); entries !== undefined; entries = open.at(-1)) {
    const entry = entries.pop();
    if (entry === undefined) {
      open.pop();
    } else if (entry.isFolder) {
      open.push(await entriesOf(entry.path, entry.key, prefix));
    } else if (entry.key !== last && isPathOf(entry, root)) {
      last = entry.key;
      yield entry.key;
    }
  }
}

/** What a folder holds, last key first. A key that goes on in a folder of its own name part is in the same list. */
async function entriesOf(folder: string, key: string, prefix: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  await collect(folder, key, prefix, entries);
  const bytes = new Map(entries.map((entry) => [entry, Buffer.from(entry.key)]));
  const bytesOf = (entry: Entry): Buffer => bytes.get(entry) ?? Buffer.alloc(0);
  return entries.sort((a, b) => Buffer.compare(bytesOf(b), bytesOf(a)));
}

async function collect(folder: string, key: string, prefix: string, into: Entry[]): Promise<void> {
  for (const found of await readFolder(folder)) {
    const { text, continued } = decodeName(found.name);
    const path = join(folder, found.name);
    if (found.isFile()) {
      if ((key + text).startsWith(prefix)) into.push({ key: key + text, path, isFolder: false });
    } else if (found.isDirectory()) {
      const begins = continued ? key + text : `${key}${text}/`;
      if (!begins.startsWith(prefix) && !prefix.startsWith(begins)) continue;
      if (continued) await collect(path, begins, prefix, into);
      else into.push({ key: begins, path, isFolder: true });
    }
  }
}

async function readFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // No bucket yet, or a folder that was removed since its name was read.
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Would the store look for the key at this path? Names dropped by hand need not be ones it makes. */
function isPathOf(entry: Entry, root: string): boolean {
  try {
    const path = join(root, ...encodeKey(entry.key));
    return entry.path === path || entry.path === asidePath(path);
  } catch {
    return false;
  }
}
