import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { errnoOf } from '../../errno';
import { asidePath, decodeName, encodeKey } from './object-path';

/** An object's key and its file's path. */
export interface ListedFile {
  readonly key: string;
  readonly path: string;
}

/** A file (an object) or a folder (objects whose keys begin with `key`). */
interface Entry extends ListedFile {
  readonly isFolder: boolean;
}

/** The range to list: keys after `after` that begin with `prefix`. */
export interface KeyRange {
  readonly prefix: string;
  readonly after: string;
}

/**
 * Lists the objects below a bucket's folder, in UTF-8 order of their keys. Holds the names of one folder and its
 * parents only; skips folders without a key in the range.
 */
export async function* listFolder(root: string, range: KeyRange): AsyncGenerator<ListedFile> {
  const open: Entry[][] = [await entriesOf(root, '', range)];
  let last: string | null = null;
  for (let entries = open.at(-1); entries !== undefined; entries = open.at(-1)) {
    const entry = entries.pop();
    if (entry === undefined) {
      open.pop();
    } else if (entry.isFolder) {
      open.push(await entriesOf(entry.path, entry.key, range));
    } else if (entry.key !== last && isPathOf(entry, root)) {
      last = entry.key;
      yield entry;
    }
  }
}

/** A folder's entries, last key first. A key that continues in a folder for its long name part is in the same list. */
async function entriesOf(folder: string, key: string, range: KeyRange): Promise<Entry[]> {
  const entries: Entry[] = [];
  await collect(folder, key, range, entries);
  const bytes = new Map(entries.map((entry) => [entry, Buffer.from(entry.key)]));
  const bytesOf = (entry: Entry): Buffer => bytes.get(entry) ?? Buffer.alloc(0);
  // When two files have one key, the file in the regular place comes first, as in a lookup of the object.
  return entries.sort((a, b) => Buffer.compare(bytesOf(b), bytesOf(a)) || b.path.length - a.path.length);
}

async function collect(folder: string, key: string, range: KeyRange, into: Entry[]): Promise<void> {
  for (const found of await readFolder(folder)) {
    const { text, continued } = decodeName(found.name);
    const path = join(folder, found.name);
    if (found.isFile()) {
      if (isIn(range, key + text)) into.push({ key: key + text, path, isFolder: false });
    } else if (found.isDirectory()) {
      const begins = continued ? key + text : `${key}${text}/`;
      if (!mayBegin(range, begins)) continue;
      if (continued) await collect(path, begins, range, into);
      else into.push({ key: begins, path, isFolder: true });
    }
  }
}

function isIn({ prefix, after }: KeyRange, key: string): boolean {
  return key.startsWith(prefix) && isBehind(key, after);
}

/** True when a key with this beginning may be in the range. */
function mayBegin({ prefix, after }: KeyRange, begins: string): boolean {
  if (!begins.startsWith(prefix) && !prefix.startsWith(begins)) return false;
  return after.startsWith(begins) || isBehind(begins, after);
}

function isBehind(key: string, after: string): boolean {
  return after === '' || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
}

async function readFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // The bucket does not exist yet, or the folder was removed after its name was read.
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** True when the store would look for the key at this path. Files added by hand may have other names. */
function isPathOf(entry: Entry, root: string): boolean {
  try {
    const path = join(root, ...encodeKey(entry.key));
    return entry.path === path || entry.path === asidePath(path);
  } catch {
    return false;
  }
}
