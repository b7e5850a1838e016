import type { Part } from '../../ingestion/rotation/lineages';
import type { ObjectInfo, ObjectStore, ObjectVersion, ReadRange } from '../../ports/object-store';
import { TelltaleError } from '../../errors';
import { noteKey } from './lineage-file';
import { bytesOf, unpackedBytesOf } from './log-content';
import { readError } from './object-file';
import { WatchedLogs, type WatchedLogsOptions } from './watched-logs';

export interface WatchStoreOptions extends Omit<WatchedLogsOptions, 'isRead'> {
  /** Keys are `<prefix>/<host>/<path of the log>`. */
  readonly prefix: string;
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
  private readonly logs: WatchedLogs;
  /** Log → the ETag that was told last. */
  private readonly announced = new Map<string, string>();
  private readonly waitingSince = new Map<string, number>();
  /** Log → the newest part that was read from: parts before it were read to their ends. */
  private readonly reached = new Map<string, string>();

  constructor(private readonly options: WatchStoreOptions) {
    this.logs = new WatchedLogs({ ...options, isRead: (log, part) => this.isRead(log, part) });
  }

  /** Before the first call of another method. */
  async open(): Promise<void> {
    if (this.options.look === null) return this.logs.findKnown();
    // Nothing needs to be told: the producer lists all logs when it starts.
    return this.scan(() => undefined);
  }

  /** Checks all files, and reports the logs that changed. */
  async scan(onChange = this.options.onChange): Promise<void> {
    const { look } = this.options;
    if (look === null) return;
    await this.logs.scan(look);
    for (const log of this.logs.paths()) {
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
    const part = log === null ? undefined : this.logs.parts(log).find(({ id }) => id === info.versionId);
    if (log !== null && part !== undefined && !this.isRead(log, part)) this.reached.set(log, part.id);
    return part === undefined ? nothing() : this.pieces(key, part, from, info.size);
  }

  async *list(_bucket: string, { prefix = '', after = '' } = {}): AsyncIterable<ObjectInfo> {
    const keys = this.logs.paths().map((log) => [this.keyOf(log), log] as const);
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
    if (log === null) return Promise.resolve([]);
    const all = this.versionsOf(log).map((version) => ({ ...version, size: Math.max(0, version.size) }));
    const start = all.findIndex(({ versionId }) => versionId === from);
    return Promise.resolve(all.slice(Math.max(0, start)));
  }

  putFile(_bucket: string, key: string): Promise<ObjectInfo> {
    return Promise.reject(new TelltaleError('OBJECT_STORE', `Cannot put ${key}: watched files are only read.`));
  }

  /** The newest content of a log; null when it was deleted. */
  private present(log: string): ObjectVersion | null {
    const readable = this.released(log).flatMap((part) => this.infoOf(log, part) ?? []);
    return readable.at(-1) ?? null;
  }

  /** Oldest first. The size of a version that cannot be read is negative. */
  private versionsOf(log: string): readonly ObjectVersion[] {
    const versions: ObjectVersion[] = [];
    let isGap = false;
    for (const part of this.released(log)) {
      const info = this.infoOf(log, part);
      isGap ||= part.gap !== null || (info === null && part.compressed);
      if (info === null) continue;
      // Where no version is before the gap, the reader misses the one that it read last.
      if (isGap && versions.length > 0) versions.push(this.markOf(log, part, GAP, -1));
      versions.push(this.markOf(log, part, START, 0), info);
      isGap = false;
    }
    return versions;
  }

  private markOf(log: string, part: Part, mark: string, size: number): ObjectVersion {
    return {
      key: this.keyOf(log),
      size,
      etag: `"${part.id}${mark}"`,
      lastModified: Math.floor(part.mtimeMs),
      versionId: part.id + mark,
      checksum: { algorithm: 'CRC64NVME', value: '0000000000000000' },
    };
  }

  private infoOf(log: string, part: Part): ObjectVersion | null {
    const digest = this.logs.content(log, part);
    if (digest === null) return null;
    return {
      key: this.keyOf(log),
      size: digest.size,
      etag: `"${part.id}-${digest.size.toString(36)}-${digest.crc}"`,
      lastModified: Math.floor(part.mtimeMs),
      versionId: part.id,
      checksum: { algorithm: 'CRC64NVME', value: digest.crc },
    };
  }

  /**
   * The parts that may be read. A new file waits while the one before it is still written to, and while it is empty: the
   * service may not have opened it.
   */
  private released(log: string): readonly Part[] {
    const parts = this.logs.parts(log);
    const written = parts.findLastIndex((part) => this.logs.content(log, part)?.size !== 0);
    const now = this.options.now();
    const held = parts.findIndex((part, i) => {
      const before = parts[i - 1];
      if (before === undefined) return false;
      if (i > written) return true;
      if (now - before.mtimeMs >= SETTLE_MS) return false;
      const key = noteKey(log, part.id);
      const since = this.waitingSince.get(key) ?? now;
      this.waitingSince.set(key, since);
      return now - since < MAX_WAIT_MS;
    });
    return held === -1 ? parts : parts.slice(0, held);
  }

  /** True when the reader has reached a later part. */
  private isRead(log: string, part: Part): boolean {
    const parts = this.logs.parts(log);
    const reached = parts.findIndex(({ id }) => id === this.reached.get(log));
    return parts.findIndex(({ id }) => id === part.id) < reached;
  }

  private async *pieces(key: string, part: Part, from: number, size: number): AsyncGenerator<Buffer> {
    try {
      const opened = await this.logs.open(part);
      if (opened === null) throw changed(key);
      const { handle } = opened;
      try {
        let position = from;
        const bytes = part.compressed
          ? unpackedBytesOf(handle, { from, to: size }, this.options)
          : bytesOf(handle, from, size);
        for await (const piece of bytes) {
          position += piece.length;
          yield piece;
        }
        if (position < size) throw changed(key);
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw readError(error, `Cannot read the log ${key}`);
    }
  }

  private keyOf(log: string): string {
    return [this.options.prefix, this.logs.host].filter((part) => part !== '').join('/') + log;
  }

  private logOf(key: string): string | null {
    const before = this.keyOf('');
    return key.startsWith(`${before}/`) ? key.slice(before.length) : null;
  }
}

async function* nothing(): AsyncGenerator<Buffer> {
  // An empty object has no pieces.
}

function changed(key: string): TelltaleError {
  return new TelltaleError('OBJECT_CHANGED', `The log ${key} has changed: read it again.`);
}
