import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Trace } from '../../trace';
import type { ObjectStore } from '../../ports/object-store';
import { errnoOf } from '../../errno';
import { TelltaleError } from '../../errors';

export interface UploaderOptions {
  /** Contains one folder per host with that host's log files. */
  readonly hostsFolder: string;
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Keys are `<prefix>/<host>/<file>`. */
  readonly prefix: string;
  readonly trace: Trace;
  /** Once aborted, a run ends after the file that it uploads. */
  readonly stop: AbortSignal;
}

/** Does the work of `scripts/upload-logs.sh` for a folder of hosts and any object store. */
export interface Uploader {
  /**
   * Uploads every file whose size or time changed since its last upload. A file or folder that cannot be uploaded is
   * logged once per fault, does not stop the others, and is tried again by the next call. Runs never overlap: a call during a run waits for the
   * next run, which all waiting calls share.
   * @returns the number of files that the run uploaded
   */
  uploadChanged(): Promise<{ uploaded: number }>;
}

interface LogFile {
  readonly path: string;
  readonly key: string;
}

/** A file as of its last upload. */
interface Uploaded {
  readonly size: number;
  readonly mtimeMs: number;
}

export function createUploader(options: UploaderOptions): Uploader {
  const { hostsFolder, store, bucket, prefix, trace, stop } = options;
  const uploads = new Map<string, Uploaded>();
  /** Path → its fault in the last run. */
  let faults: ReadonlyMap<string, string> = new Map();
  let running: Promise<{ uploaded: number }> | null = null;
  let waiting: Promise<{ uploaded: number }> | null = null;

  const upload = async ({ path, key }: LogFile): Promise<boolean> => {
    // Remembers the file before the upload: bytes appended meanwhile make it differ at the next run.
    const { size, mtimeMs } = await stat(path);
    const last = uploads.get(path);
    const changed =
      last === undefined ? !(await isStored(key, size, mtimeMs)) : last.size !== size || last.mtimeMs !== mtimeMs;
    if (changed) await store.putFile(bucket, key, path);
    uploads.set(path, { size, mtimeMs });
    return changed;
  };

  /** After a restart only the store shows it: an object written after the file's last change contains it. */
  const isStored = async (key: string, size: number, mtimeMs: number): Promise<boolean> => {
    const object = await store.head(bucket, key);
    return object !== null && object.size === size && object.lastModified >= Math.floor(mtimeMs);
  };

  const run = async (): Promise<{ uploaded: number }> => {
    let uploaded = 0;
    const { files, faulty } = await logFilesIn(hostsFolder, prefix);
    for (const file of files) {
      if (stop.aborted) break;
      try {
        if (await upload(file)) uploaded += 1;
      } catch (error) {
        faulty.push({ path: file.path, reason: 'failed', error });
      }
    }
    for (const { path, reason, error } of faulty) {
      if (faults.get(path) !== String(error)) trace('notUploaded', { reason, path, error });
    }
    faults = new Map(faulty.map(({ path, error }) => [path, String(error)]));
    return { uploaded };
  };

  const start = (): Promise<{ uploaded: number }> => {
    waiting = null;
    running = run().finally(() => {
      running = null;
    });
    return running;
  };

  return {
    uploadChanged() {
      if (running === null) return start();
      waiting ??= running.then(start, start);
      return waiting;
    },
  };
}

/** A file or folder that cannot be uploaded. */
interface Faulty {
  readonly path: string;
  readonly reason: 'failed' | 'name';
  readonly error: unknown;
}

interface Found {
  readonly files: readonly LogFile[];
  readonly faulty: Faulty[];
}

/** Regular files directly in each host's folder, in order. Empty when the folder does not exist yet. */
async function logFilesIn(hostsFolder: string, prefix: string): Promise<Found> {
  const faulty: Faulty[] = [];
  const files: LogFile[] = [];
  const hosts = await entriesOf(hostsFolder, faulty);
  for (const host of hosts.filter((entry) => entry.isDirectory())) {
    const folder = join(hostsFolder, host.name);
    try {
      for (const file of (await entriesOf(folder, faulty)).filter((entry) => entry.isFile())) {
        const key = [prefix, host.name, file.name].filter((part) => part !== '').join('/');
        files.push({ path: join(folder, file.name), key });
      }
    } catch (error) {
      faulty.push({ path: folder, reason: 'failed', error });
    }
  }
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), faulty };
}

interface Entry {
  readonly name: string;
  readonly isFile: () => boolean;
  readonly isDirectory: () => boolean;
}

/** The files and folders in a folder; those whose names cannot be part of a key are faulty. */
async function entriesOf(folder: string, faulty: Faulty[]): Promise<Entry[]> {
  const entries = (await readFolder(folder)).filter((entry) => entry.isFile() || entry.isDirectory());
  for (const { name } of entries.filter((entry) => !isUtf8(entry.name))) {
    const path = join(folder, escapeBytes(name));
    const error = new TelltaleError('OBJECT_KEY', `The name of ${path} is not UTF-8: rename it.`);
    faulty.push({ path, reason: 'name', error });
  }
  return entries
    .filter(({ name }) => isUtf8(name))
    .map((entry) => ({
      name: entry.name.toString(),
      isFile: () => entry.isFile(),
      isDirectory: () => entry.isDirectory(),
    }));
}

async function readFolder(folder: string): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A name as `ls -b` shows it: bytes other than ASCII text as `\\xff`. */
function escapeBytes(name: Buffer): string {
  const shown = (byte: number): string => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : hexEscape(byte));
  return Array.from(name, shown).join('');
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
