import { linkSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../../ports/clock';
import { errnoOf } from '../../errno';
import { type OpenFile, openRegularFile, syncFolder } from './object-file';
import type { FileContent, MetadataFolder, ObjectName } from './object-metadata';
import { digestPath, identify, identifyNow, sameContent } from './object-metadata';

/**
 * The versions of objects: `versions/<bucket>/<digest of the key>/<number>`, where the largest number is the newest.
 * Each is a hard link to the object's file, which stays when the object is replaced or removed; no content is stored
 * twice. Numbers start at the clock's milliseconds and increase by one, so that they start higher after the folder was
 * emptied by hand. Remove the oldest first; this code removes none.
 *
 * An object's file is normally the same file as its newest version. Otherwise it was added by hand, or its put was
 * interrupted at the last moment: it becomes a version when it is inspected or replaced. So a crash never loses a
 * version or makes two of one. Functions that end in `Now` are one step in this process.
 */
export class VersionFolder {
  constructor(
    private readonly folder: string,
    private readonly metadata: MetadataFolder,
    private readonly clock: Clock,
  ) {}

  /**
   * The version id of an object's present file.
   * @returns null when the file was replaced
   */
  async ofPresent(object: ObjectName, { path, handle }: OpenFile, content: FileContent): Promise<string | null> {
    const folder = this.folderOf(object);
    if (identifyNow(path)?.ino !== content.identity.ino) return null;
    let number = this.addNow(folder, path);
    if (number === null) return null;
    const kept = this.metadata.kept({ ...object, versionId: String(number) });
    if (kept?.etag === content.etag) return String(number);
    if (kept !== null) {
      // Edited in place, which changed the linked version too: its present content is another version.
      if (identifyNow(path)?.ino !== content.identity.ino) return null;
      const edited = join(folder, String(number));
      number = this.addNow(folder, path, number + 1);
      rmSync(edited, { force: true });
    }
    const linked = await identify(handle);
    if (number === null || !sameContent(linked, content.identity)) return null;
    // Creating and removing links changed the file's ctime.
    await this.metadata.keep(object, { ...content, identity: linked });
    await this.metadata.keep({ ...object, versionId: String(number) }, { ...content, identity: linked });
    return String(number);
  }

  /**
   * Renames a finished copy to the object's path and makes a version of it. The replaced file is a version already, or
   * becomes one.
   */
  replaceNow(object: ObjectName, copy: string, target: string): string {
    const folder = this.folderOf(object);
    // Another process could replace the copy before it becomes a version.
    const spare = `${copy}.version`;
    try {
      linkSync(copy, spare);
      mkdirSync(folder, { recursive: true });
      this.addNow(folder, target);
      const from = (numbersNow(folder).at(-1) ?? 0) + 1;
      renameSync(copy, target);
      return String(this.addNow(folder, spare, from));
    } finally {
      rmSync(spare, { force: true });
    }
  }

  /** Syncs an object's versions, so that they survive a power cut. */
  sync(object: ObjectName): Promise<void> {
    return syncFolder(this.folderOf(object));
  }

  /** Version ids, oldest first. */
  async list(object: ObjectName): Promise<string[]> {
    try {
      return numbersIn(await readdir(this.folderOf(object))).map(String);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** The file of a version; null when the id is unknown. */
  async open(object: ObjectName, versionId: string): Promise<OpenFile | null> {
    return NUMBER.test(versionId) ? openRegularFile(join(this.folderOf(object), versionId)) : null;
  }

  /**
   * Makes a file the newest version, unless it is already a version at or after a number; by default, the newest.
   * @returns null when the file does not exist
   */
  private addNow(folder: string, path: string, from?: number): number | null {
    const inode = identifyNow(path)?.ino;
    if (inode === undefined) return null;
    mkdirSync(folder, { recursive: true });
    for (;;) {
      const numbers = numbersNow(folder);
      const newest = numbers.at(-1) ?? 0;
      const isSame = (number: number): boolean => identifyNow(join(folder, String(number)))?.ino === inode;
      const known = numbers.filter((number) => number >= (from ?? newest)).find(isSame);
      if (known !== undefined) return known;
      const number = newest === 0 ? Math.max(1, Math.trunc(this.clock.now())) : newest + 1;
      try {
        linkSync(path, join(folder, String(number)));
        return number;
      } catch (error) {
        // Another process took the number.
        if (errnoOf(error) !== 'EEXIST') throw error;
      }
    }
  }

  private folderOf({ bucket, key }: ObjectName): string {
    return join(this.folder, bucket, digestPath(key));
  }
}

const NUMBER = /^[1-9]\d{0,14}$/;

function numbersNow(folder: string): number[] {
  return numbersIn(readdirSync(folder));
}

function numbersIn(names: readonly string[]): number[] {
  return names
    .filter((name) => NUMBER.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}
