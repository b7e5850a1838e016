import { dirname } from 'node:path';
import { combineCrc, formatCrc, parseCrc } from '../../ingestion/crc-combine';
import { planFiles, type Known, type Part } from '../../ingestion/rotation/lineages';
import type { ObjectInfo, ObjectStore, ObjectVersion, ReadRange } from '../../ports/object-store';
import { TelltaleError } from '../../errors';
import type { Trace } from '../../trace';
import { lookInto, openLog, startAlike, type LookedAt } from './found-files';
import { LineageFile, noteKey } from './lineage-file';
import { digestLog, logDigest, type LogDigest } from './log-digest';
import { readError } from './object-file';
import type { Watched } from './watched-files';

export interface WatchStoreOptions {
  /** Finds the files; null for a program that only reads what another one watches. */
  readonly look: (() => Promise<Watched>) | null;
  /** Where it remembers the files of each log across restarts. */
  readonly memory: string;
  /** Keys are `<prefix>/<host>/<path of the log>`. */
  readonly prefix: string;
  /** Null: the host that is remembered. */
  readonly host: string | null;
  readonly trace: Trace;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Called for each log that changed. */
  readonly onChange: (info: ObjectInfo) => void;
}

/** A service writes to a rotated file until it opens the new one: the new one waits until the old one is quiet this long. */
const SETTLE_MS = 3_000;
/** But not longer than this. */
const MAX_WAIT_MS = 60_000;

/** The version of an empty object before the content of a file: the file is not taken for a continuation of the one before. */
const START = '!start';
/** A version that cannot be read: content may be missing here. */
const GAP = '!gap';

/**
 * Log files where they are, as an object store: a log is an object, and its files are its versions, the rotated ones first. So
 * the reader proves appends, walks rotated files, and notes gaps as it does on a bucket with versions. A version keeps its id
 * while its file grows.
 */
export class WatchStore implements ObjectStore {
  private readonly memory: LineageFile<LogDigest>;
  private readonly host: string;
  private known: Known;
  private readonly digests: Map<string, LogDigest>;
  private files = new Map<string, LookedAt>();
  private folders: ReadonlyMap<string, string> = new Map();
  /** Log → the ETag that was told last. */
  private readonly announced = new Map<string, string>();
  private readonly waitingSince = new Map<string, number>();
  private reported: ReadonlySet<string> = new Set();

  constructor(private readonly options: WatchStoreOptions) {
    this.memory = new LineageFile(options.memory, logDigest);
    const { notes, host, lineages, passed } = this.memory.read();
    if (options.host !== null && host !== null && host !== options.host) {
      const message = `These files were watched as host ${host}: add --host ${host}, or choose another data folder with --data.`;
      throw new TelltaleError('DATA_FOLDER', message);
    }
    this.host = options.host ?? host ?? '';
    this.known = { lineages, passed };
    this.digests = new Map(notes);
  }

  /** Before the first call of another method. */
  async open(): Promise<void> {
    // Nothing needs to be told: the producer lists all logs when it starts.
    if (this.options.look !== null) return this.scan(() => undefined);
    // Another program watches: its files are found, and no new ones.
    const parts = [...this.known.lineages.values()].flat();
    for (const folder of new Set(parts.map(({ path }) => dirname(path)))) {
      const { files } = await lookInto(folder);
      for (const file of files) this.files.set(file.file, file);
    }
    this.folders = new Map([...this.files.values()].map(({ path }) => [path, dirname(path)]));
    await this.refresh();
  }

  /** Checks all files, and reports the logs that changed. */
  async scan(onChange = this.options.onChange): Promise<void> {
    const { look } = this.options;
    if (look === null) return;
    let watched = await look();
    const seen = new Set(watched.files.map(({ file }) => file));
    // A file that is renamed between two readings of a folder shows in neither: a third one finds it.
    if ([...this.known.lineages.values()].flat().some(({ file }) => !seen.has(file))) watched = await look();
    this.files = new Map(watched.files.map((file) => [file.file, file]));
    this.folders = watched.folders;
    const replaced = await this.refresh();
    const plan = planFiles(this.known, watched.files, {
      isReplaced: (file) => replaced.has(file),
      startsAlike: startAlike,
    });
    this.known = plan;
    this.report([...watched.refused, ...plan.leftOut.map((file) => ({ ...file }))]);
    await this.refresh();
    // Remembered before it is read: after a crash, each file is known under any name.
    this.save();
    for (const log of plan.lineages.keys()) {
      const info = this.present(log);
      if (info === null || info.etag === this.announced.get(log)) continue;
      this.announced.set(log, info.etag);
      onChange(info);
    }
  }

  head(_bucket: string, key: string, versionId?: string): Promise<ObjectInfo | null> {
    const log = this.logOf(key);
    if (log === null) return Promise.resolve(null);
    if (versionId === undefined) return Promise.resolve(this.present(log));
    return Promise.resolve(
      this.versionsOf(log).find((version) => version.versionId === versionId && version.size >= 0) ?? null,
    );
  }

  async read(_bucket: string, key: string, { from, ifMatch, versionId }: ReadRange): Promise<AsyncIterable<Buffer>> {
    const info = await this.head(_bucket, key, versionId);
    if (info === null) throw new TelltaleError('OBJECT_NOT_FOUND', `There is no log ${key}.`);
    if (info.etag !== ifMatch) throw changed(key);
    const log = this.logOf(key);
    const part = log === null ? undefined : this.known.lineages.get(log)?.find(({ id }) => id === info.versionId);
    const file = part === undefined ? undefined : this.files.get(part.file);
    return file === undefined ? nothing() : this.pieces(key, file, from, info.size);
  }

  async *list(_bucket: string, { prefix = '', after = '' } = {}): AsyncIterable<ObjectInfo> {
    const keys = [...this.known.lineages.keys()].map((log) => [this.keyOf(log), log] as const);
    keys.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const [key, log] of keys) {
      const isIn = key.startsWith(prefix) && (after === '' || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0);
      const info = isIn ? this.present(log) : null;
      if (info === null) continue;
      const { size, etag, lastModified } = info;
      yield await Promise.resolve({ key, size, etag, lastModified });
    }
  }

  versions(_bucket: string, key: string, from?: string): Promise<readonly ObjectVersion[]> {
    const log = this.logOf(key);
    const all =
      log === null ? [] : this.versionsOf(log).map((version) => ({ ...version, size: Math.max(0, version.size) }));
    const start = all.findIndex(({ versionId }) => versionId === from);
    return Promise.resolve(all.slice(Math.max(0, start)));
  }

  putFile(_bucket: string, key: string): Promise<ObjectInfo> {
    return Promise.reject(new TelltaleError('OBJECT_STORE', `Cannot put ${key}: watched files are only read.`));
  }

  /** The newest content of a log; null when it was deleted. */
  private present(log: string): ObjectVersion | null {
    const last = this.released(log).at(-1);
    return last === undefined ? null : this.infoOf(log, last);
  }

  /** Oldest first. The size of a version that cannot be read is negative. */
  private versionsOf(log: string): readonly ObjectVersion[] {
    return this.released(log).flatMap((part, i) => {
      const info = this.infoOf(log, part);
      if (info === null) return [];
      const start = {
        ...info,
        size: 0,
        versionId: part.id + START,
        etag: `"${part.id}${START}"`,
        checksum: EMPTY,
      };
      const gap = { ...info, versionId: part.id + GAP, etag: `"${part.id}${GAP}"`, size: -1 };
      // Where no part is left before the gap, the reader misses the version that it read last.
      return part.gap === null || i === 0 ? [start, info] : [gap, start, info];
    });
  }

  private infoOf(log: string, part: Part): ObjectVersion | null {
    const digest = this.digests.get(noteKey(log, part.id));
    if (digest === undefined || !this.files.has(part.file)) return null;
    return {
      key: this.keyOf(log),
      size: digest.size,
      etag: `"${part.id}-${digest.size.toString(36)}-${digest.crc}"`,
      lastModified: Math.floor(part.mtimeMs),
      versionId: part.id,
      checksum: { algorithm: 'CRC64NVME', value: digest.crc },
    };
  }

  /** The parts that may be read: a new file waits while the one before it is still written to. */
  private released(log: string): readonly Part[] {
    const parts = this.known.lineages.get(log) ?? [];
    const now = this.options.now();
    const held = parts.findIndex((part, i) => {
      const before = parts[i - 1];
      if (before === undefined || now - before.mtimeMs >= SETTLE_MS) return false;
      const key = noteKey(log, part.id);
      const since = this.waitingSince.get(key) ?? now;
      this.waitingSince.set(key, since);
      return now - since < MAX_WAIT_MS;
    });
    return held === -1 ? parts : parts.slice(0, held);
  }

  /** Adds new bytes to the digests. @returns files with other content than before */
  private async refresh(): Promise<ReadonlySet<string>> {
    const replaced = new Set<string>();
    for (const [log, parts] of this.known.lineages) {
      for (const part of parts) {
        const found = this.files.get(part.file);
        if (found === undefined) continue;
        const key = noteKey(log, part.id);
        const digest = await this.digest(found, this.digests.get(key) ?? null);
        if (digest === 'replaced') replaced.add(part.file);
        else if (digest !== null) this.digests.set(key, digest);
      }
    }
    return replaced;
  }

  private async digest(found: LookedAt, before: LogDigest | null): Promise<LogDigest | 'replaced' | null> {
    try {
      const opened = await openLog(found, this.folders.get(found.path) ?? '');
      if (opened === null) return null;
      try {
        return await digestLog(opened, before, (a, b, length) =>
          formatCrc('CRC64NVME', combineCrc('CRC64NVME', parseCrc(a), b, length)),
        );
      } finally {
        await opened.handle.close();
      }
    } catch (error) {
      this.report([{ path: found.path, reason: 'failed', error }], this.reported);
      return null;
    }
  }

  private async *pieces(key: string, found: LookedAt, from: number, size: number): AsyncGenerator<Buffer> {
    try {
      const opened = await openLog(found, this.folders.get(found.path) ?? '');
      if (opened === null) throw changed(key);
      try {
        for (let position = from; position < size;) {
          const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size - position));
          const { bytesRead } = await opened.handle.read(buffer, 0, buffer.length, position);
          if (bytesRead === 0) throw changed(key);
          position += bytesRead;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await opened.handle.close();
      }
    } catch (error) {
      throw readError(error, `Cannot read the log ${key}`);
    }
  }

  private report(
    refused: readonly { readonly path: string; readonly reason: string; readonly error?: unknown }[],
    also: ReadonlySet<string> = new Set(),
  ): void {
    const name = ({ path, reason }: { path: string; reason: string }): string => `${reason} ${path}`;
    for (const each of refused) {
      if (this.reported.has(name(each))) continue;
      const { path, reason, error } = each;
      if (error === undefined) this.options.trace('fileLeftOut', { reason, path });
      else this.options.trace('notUploaded', { reason, path, error });
    }
    this.reported = new Set([...refused.map(name), ...also]);
  }

  private save(): void {
    const kept = new Set([...this.known.lineages].flatMap(([log, parts]) => parts.map(({ id }) => noteKey(log, id))));
    for (const key of this.digests.keys()) if (!kept.has(key)) this.digests.delete(key);
    try {
      this.memory.write({ ...this.known, host: this.host, notes: this.digests });
    } catch (error) {
      this.report([{ path: this.options.memory, reason: 'failed', error }], this.reported);
    }
  }

  private keyOf(log: string): string {
    return [this.options.prefix, this.host].filter((part) => part !== '').join('/') + log;
  }

  private logOf(key: string): string | null {
    const before = this.keyOf('');
    return key.startsWith(`${before}/`) ? key.slice(before.length) : null;
  }
}

const PIECE_BYTES = 1 << 20;
const EMPTY = { algorithm: 'CRC64NVME', value: '0000000000000000' } as const;

async function* nothing(): AsyncGenerator<Buffer> {
  // An empty object has no pieces.
}

function changed(key: string): TelltaleError {
  return new TelltaleError('OBJECT_CHANGED', `The log ${key} has changed: read it again.`);
}
