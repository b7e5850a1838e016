import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../log';
import type { ObjectStore } from '../../ports/object-store';
import { errnoOf } from './errno';

export interface UploaderOptions {
  /** Holds a folder for each host, and in it that host's log files. */
  readonly hostsFolder: string;
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Keys are `<prefix>/<host>/<file>`. */
  readonly prefix: string;
  readonly log: Logger;
}

/** What `scripts/upload-logs.sh` is on a host, for a folder of hosts and any object store. */
export interface Uploader {
  /**
   * Uploads every file that changed (size or time) since it was uploaded last. A file that cannot be uploaded is logged and
   * tried again by the next call; it does not keep the others from going. Runs never overlap: a call in mid-run
   * waits for the next run, which it shares with all others that wait.
   * @returns how many files that run uploaded
   */
  uploadChanged(): Promise<{ uploaded: number }>;
}

interface LogFile {
  readonly path: string;
  readonly key: string;
}

/** A file as it was uploaded last. */
interface Uploaded {
  readonly size: number;
  readonly mtimeMs: number;
}

export function createUploader(options: UploaderOptions): Uploader {
  const { hostsFolder, store, bucket, prefix, log } = options;
  const uploads = new Map<string, Uploaded>();
  let running: Promise<{ uploaded: number }> | null = null;
  let waiting: Promise<{ uploaded: number }> | null = null;

  const upload = async ({ path, key }: LogFile): Promise<boolean> => {
    // What is remembered is the file before the upload: bytes appended meanwhile make it differ at the next run.
    const { size, mtimeMs } = await stat(path);
    const last = uploads.get(path);
    const changed =
      last === undefined ? !(await isStored(key, size, mtimeMs)) : last.size !== size || last.mtimeMs !== mtimeMs;
    if (changed) await store.putFile(bucket, key, path);
    uploads.set(path, { size, mtimeMs });
    return changed;
  };

  /** After a restart only the store knows: an object written after the file's last change holds it. */
  const isStored = async (key: string, size: number, mtimeMs: number): Promise<boolean> => {
    const object = await store.head(bucket, key);
    return object !== null && object.size === size && object.lastModified >= Math.floor(mtimeMs);
  };

  const run = async (): Promise<{ uploaded: number }> => {
    let uploaded = 0;
    for (const file of await logFilesIn(hostsFolder, prefix)) {
      try {
        if (await upload(file)) uploaded += 1;
      } catch (error) {
        log.warn('log file not uploaded', { path: file.path, error });
      }
    }
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

/** Regular files right inside of each host's folder, in order. None when the folder does not exist yet. */
async function logFilesIn(hostsFolder: string, prefix: string): Promise<LogFile[]> {
  const hosts = (await entriesOf(hostsFolder)).filter((entry) => entry.isDirectory());
  const filesOfHosts = await Promise.all(
    hosts.map(async (host) => {
      const files = (await entriesOf(join(hostsFolder, host.name))).filter((entry) => entry.isFile());
      return files.map((file) => ({
        path: join(hostsFolder, host.name, file.name),
        key: [prefix, host.name, file.name].filter((part) => part !== '').join('/'),
      }));
    }),
  );
  return filesOfHosts.flat().sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
