import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats, type Dirent } from 'node:fs';
import { lstat, open, readdir, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FoundFile } from '../../ingestion/rotation/lineages';
import { errnoOf } from '../../errno';
import { TelltaleError } from '../../errors';

/** A regular file in a folder of logs. */
export interface LookedAt extends FoundFile {
  readonly mtimeNs: bigint;
  /** Changes with every change of content, and with names and permissions. */
  readonly ctimeNs: bigint;
}

/** An entry of a folder that cannot be read as a log. */
export interface Refused {
  readonly path: string;
  readonly reason: 'name' | 'symbolic-link' | 'not-a-file' | 'failed';
  readonly error: TelltaleError;
}

export interface Folder {
  readonly files: readonly LookedAt[];
  readonly folders: readonly string[];
  readonly refused: readonly Refused[];
}

/** A symbolic link is not a log: with it, its writer could name any file of the machine. */
export function linkRefused(path: string): Refused {
  const message = `${path} is a symbolic link, which is not followed: put the file itself there.`;
  return { path, reason: 'symbolic-link', error: new TelltaleError('FILE_UNREADABLE', message) };
}

/**
 * The files and folders directly in a folder, in order of names; nothing when it does not exist.
 * @throws the error of the file system when the folder cannot be read
 */
export async function lookInto(folder: string): Promise<Folder> {
  const found: { files: LookedAt[]; folders: string[]; refused: Refused[] } = { files: [], folders: [], refused: [] };
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, nameOf(entry.name));
    if (!isUtf8(entry.name)) {
      if (!entry.isFile() && !entry.isDirectory()) continue;
      const message = `The name of ${path} is not UTF-8: rename it.`;
      found.refused.push({ path, reason: 'name', error: new TelltaleError('OBJECT_KEY', message) });
    } else if (entry.isDirectory()) {
      found.folders.push(path);
    } else if (entry.isSymbolicLink()) {
      found.refused.push(linkRefused(path));
    } else if (entry.isFile()) {
      const file = await lookAt(path);
      if (file !== null) found.files.push(file);
    }
  }
  return found;
}

/** Null when there is no regular file at the path. Links are not followed. */
export async function lookAt(path: string): Promise<LookedAt | null> {
  try {
    const stats = await lstat(path, { bigint: true });
    return stats.isFile() ? describe(path, stats) : null;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/** An open file, and what it was when it was opened. */
export interface OpenLog {
  readonly handle: FileHandle;
  readonly file: LookedAt;
}

/**
 * Opens a log, and checks the open file: since the last look, its path or its folder may have become a link.
 * @param realFolder the folder that holds the file, without links
 * @returns null when another file has the path now
 * @throws FILE_UNREADABLE for a link; the error of the file system
 */
export async function openLog({ path, file }: FoundFile, realFolder: string): Promise<OpenLog | null> {
  const handle = await openWithoutLink(path);
  if (handle === null) return null;
  try {
    const stats = await handle.stat({ bigint: true });
    const opened = describe(path, stats);
    if (stats.isFile() && opened.file === file && (await folderOf(handle, path)) === realFolder) {
      return { handle, file: opened };
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

async function openWithoutLink(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, FLAGS);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'ELOOP') throw linkRefused(path).error;
    throw error;
  }
}

/** No link is followed, and a pipe does not block. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The real folder of an open file: Linux names it by the descriptor, elsewhere the path is resolved again. */
async function folderOf(handle: FileHandle, path: string): Promise<string> {
  try {
    return dirname(await readlink(`/proc/self/fd/${handle.fd}`));
  } catch {
    return realpath(dirname(path));
  }
}

/** A path that opens the open file again, under any name that it has now. */
export function pathOfOpen(handle: FileHandle): string {
  return `/dev/fd/${handle.fd}`;
}

/** True when two files have the same first bytes, as far as both have any; true when one of them cannot be read. */
export function startAlike(path: string, other: string): boolean {
  const [a, b] = [firstBytes(path), firstBytes(other)];
  if (a === null || b === null) return true;
  const length = Math.min(a.length, b.length);
  return a.subarray(0, length).equals(b.subarray(0, length));
}

const COMPARED_BYTES = 4096;

function firstBytes(path: string): Buffer | null {
  try {
    const descriptor = openSync(path, FLAGS);
    try {
      if (!fstatSync(descriptor).isFile()) return null;
      const buffer = Buffer.alloc(COMPARED_BYTES);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, COMPARED_BYTES, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
}

function describe(path: string, { ino, birthtimeNs, size, mtimeNs, ctimeNs }: BigIntStats): LookedAt {
  return {
    path,
    // Inodes are reused: the time of birth tells their files apart. The device is left out, as its number may change at a start.
    file: `${ino.toString(36)}-${birthtimeNs.toString(36)}`,
    size: Number(size),
    // A time in the future, by a clock that was set back, would be newer than all that is written later.
    mtimeMs: Math.min(Number(mtimeNs / 1000n) / 1000, Date.now()),
    asked: 'matched',
    mtimeNs,
    ctimeNs,
  };
}

async function entriesOf(folder: string): Promise<Dirent<Buffer>[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
    return entries.sort((a, b) => Buffer.compare(a.name, b.name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A name as `ls -b` shows it: bytes other than ASCII text as `\\xff`, unless it is UTF-8. */
function nameOf(name: Buffer): string {
  if (isUtf8(name)) return name.toString();
  const shown = (byte: number): string => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : hexEscape(byte));
  return Array.from(name, shown).join('');
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
