import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProducerOptions } from '../../../actors/producer';
import { openFolderStore } from '../../../src/adapters/embedded/folder-store';
import { digestPath } from '../../../src/adapters/embedded/object-metadata';
import { formatCrc } from '../../../src/ingestion/crc-combine';
import { TelltaleError } from '../../../src/errors';
import { systemClock, type Clock } from '../../../src/ports/clock';
import type { EventLog, EventTransaction } from '../../../src/ports/event-log';
import type { ObjectInfo, ObjectStore } from '../../../src/ports/object-store';
import { changedLog, changedStore, withCommitFaults } from '../decorators';
import { BUCKET, openPlace, UPLOADED, type Place, type Running } from '../producing';
import { KEYS, type ChecksumKind, type Fault, type Setting, type Upload } from './actions';
import type { Content } from './contents';

/** A publisher stops after five crashes within a minute. */
const MAX_CRASHES = 3;

/**
 * The environment of a run: a real store, a real event log and a producer, behind fault injectors. Each fault waits for
 * the next matching call.
 */
export class World {
  running: Running;
  /** Number of bursts of denied reads, by key. */
  readonly denied = new Map<string, number>();
  private faults: { readonly key: string; readonly fault: Fault; left: number }[] = [];
  private readonly uploads = new Map<number, { readonly content: Content; readonly checksum: ChecksumKind }>();
  private lastModified = UPLOADED;
  private ticks = 0;
  private crashes = 0;
  private readonly log: EventLog;

  private constructor(
    readonly place: Place,
    private readonly inner: ObjectStore,
    readonly setting: Setting,
    private readonly clockOfStore: { now: number },
    private readonly overwrite: (key: string, upload: Upload) => Promise<void>,
  ) {
    this.log = this.withLogFaults(place.log);
    this.running = this.start();
  }

  static async open(
    folder: string,
    setting: Setting,
    overwrite: (key: string, upload: Upload) => Promise<void>,
  ): Promise<World> {
    const clockOfStore = { now: UPLOADED };
    const store = await openFolderStore({
      folder: join(folder, 'bucket'),
      versioning: setting.versioned,
      clock: { ...systemClock, now: () => clockOfStore.now },
    });
    return new World(await openPlace(folder), store, setting, clockOfStore, overwrite);
  }

  get clock(): Clock {
    const { clock } = this.place.options;
    return { ...clock, now: () => clock.now() + (this.ticks += this.setting.tickMs) };
  }

  /** The store with its remaining faults. */
  get store(): ObjectStore {
    return changedStore(this.inner, {
      head: async (bucket, key, versionId) => {
        if (this.take(key, 'head') !== null) throw new TelltaleError('OBJECT_STORE', 'The connection broke.');
        const found = await this.inner.head(bucket, key, versionId);
        return found === null ? null : this.withChecksum(found);
      },
      read: async (bucket, key, range) => {
        const over = this.take(key, 'overwrite');
        if (over?.when === 'before the read') await this.overwrite(key, over.upload);
        const fault = this.take(key, 'read');
        const at = fault?.code === 'OBJECT_STORE_DENIED' ? 0 : (fault?.at ?? Infinity);
        if (fault !== null && at === 0) throw readError(fault.code);
        return this.pieces(await this.inner.read(bucket, key, range), {
          at,
          fail: () => readError(fault?.code ?? 'OBJECT_STORE'),
          behindFirst: async () => {
            if (over?.when === 'during the read') await this.overwrite(key, over.upload);
          },
        });
      },
      versions: async (bucket, key, from) => {
        if (this.take(key, 'versions') !== null) throw new TelltaleError('OBJECT_STORE', 'The connection broke.');
        return this.inner.versions(bucket, key, from);
      },
      list: (bucket, range) => this.listed(this.inner.list(bucket, range)),
    });
  }

  async put(key: string, content: Content, checksum: ChecksumKind): Promise<void> {
    // S3 keeps whole seconds: no two objects are put within one.
    this.clockOfStore.now = this.lastModified += 1_000;
    this.uploads.set(this.lastModified, { content, checksum });
    const path = join(this.place.folder, 'uploaded');
    writeFileSync(path, content.stored);
    await this.inner.putFile(BUCKET, key, path);
  }

  delete(key: string): void {
    rmSync(join(this.place.folder, 'bucket', 'objects', BUCKET, key), { force: true });
  }

  /** Removes all versions except the newest. */
  expire(key: string): void {
    const folder = join(this.place.folder, 'bucket', 'versions', BUCKET, digestPath(key));
    const older = readdirSync(folder).sort().slice(0, -1);
    for (const name of older) rmSync(join(folder, name));
  }

  pass(ms: number): void {
    this.place.advance(ms);
    this.lastModified += ms;
  }

  fail(key: string, fault: Fault): void {
    this.faults.push({ key, fault, left: fault.on === 'read' ? fault.times : 1 });
  }

  heal(): void {
    this.faults = [];
  }

  /** @returns the parts that failed permanently: none should */
  async restart(how: 'drain' | 'kill' | 'take over'): Promise<string[]> {
    const before = this.running;
    // A failed commit may fail a drain: then kill instead.
    if (how === 'drain') await before.producer.drain(20_000).catch(() => undefined);
    if (how === 'take over') {
      // No crashes from here on: a restarted publisher would take over in turn.
      this.crashes = MAX_CRASHES;
      await before.settle();
      for (const key of KEYS) before.signal(key);
    } else {
      await before.kill();
    }
    const failures = [...before.failures];
    this.running = this.start();
    if (how === 'take over') {
      await this.running.settle();
      await before.kill();
    }
    this.crashes = 0;
    return failures;
  }

  private start(): Running {
    const { options } = this.place;
    const { batchBytes, maxLineBytes, credit, concurrency } = this.setting;
    const { maxProofBytes, maxReproofBytes, forceFlushAfterMs } = this.setting;
    const scan: ProducerOptions['scan'] = (key) => ({ ...options.scan(key), batchBytes, maxLineBytes });
    const reading = { credit, concurrency, maxProofBytes, maxReproofBytes, forceFlushAfterMs, scan };
    return this.place.start({ ...reading, log: this.log, store: this.store, clock: this.clock });
  }

  private withLogFaults(log: EventLog): EventLog {
    const failing = changedLog(log, {
      openWriter: async (options) => {
        if (this.takeCrash('open writer') !== null) throw new TelltaleError('EVENT_LOG', 'The connection broke.');
        const writer = await log.openWriter(options);
        const begin = (): EventTransaction => {
          const transaction = writer.begin();
          return {
            append: async (topic, partition, batch) => {
              if (this.takeCrash('append') !== null) throw new TelltaleError('EVENT_LOG', 'The connection broke.');
              await transaction.append(topic, partition, batch);
            },
            commitOffset: (group, topic, partition, offset) =>
              transaction.commitOffset(group, topic, partition, offset),
            commit: () => transaction.commit(),
            abort: () => transaction.abort(),
          };
        };
        return { begin, close: () => writer.close() };
      },
    });
    return withCommitFaults(failing, () => this.takeCrash('commit')?.how ?? null);
  }

  private takeCrash<On extends Fault['on']>(on: On): (Fault & { readonly on: On }) | null {
    if (this.crashes >= MAX_CRASHES) return null;
    const fault = this.take(null, on);
    if (fault !== null) this.crashes += 1;
    return fault;
  }

  /** @param key null for a fault that is not about one object */
  private take<On extends Fault['on']>(key: string | null, on: On): (Fault & { readonly on: On }) | null {
    const found = this.faults.find((one) => one.fault.on === on && (key === null || one.key === key));
    if (found === undefined) return null;
    if (found.fault.on === 'read' && found.fault.code === 'OBJECT_STORE_DENIED' && found.left === found.fault.times) {
      this.denied.set(found.key, (this.denied.get(found.key) ?? 0) + 1);
    }
    found.left -= 1;
    if (found.left === 0) this.faults = this.faults.filter((one) => one !== found);
    return isOn(found.fault, on) ? found.fault : null;
  }

  private withChecksum(found: ObjectInfo): ObjectInfo {
    const { key, size, etag, lastModified, versionId } = found;
    const known = { key, size, etag, lastModified, ...(versionId === undefined ? {} : { versionId }) };
    const { content, checksum } = this.uploads.get(lastModified) ?? {};
    if (checksum === undefined || content === undefined || checksum === 'none') return known;
    const value = formatCrc(checksum, this.place.options.hashing.crc(checksum, content.stored));
    return { ...known, checksum: { algorithm: checksum, value } };
  }

  private async *pieces(
    chunks: AsyncIterable<Buffer>,
    fault: { readonly at: number; readonly fail: () => Error; readonly behindFirst: () => Promise<void> },
  ): AsyncGenerator<Buffer> {
    let position = 0;
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += this.setting.pieceBytes) {
        const piece = chunk.subarray(start, start + this.setting.pieceBytes);
        const left = fault.at - position;
        if (left < piece.length) {
          if (left > 0) yield piece.subarray(0, left);
          throw fault.fail();
        }
        yield piece;
        if (position === 0) await fault.behindFirst();
        position += piece.length;
      }
    }
  }

  private async *listed(objects: AsyncIterable<ObjectInfo>): AsyncGenerator<ObjectInfo> {
    const fault = this.take(null, 'list');
    let left = fault?.behind ?? Infinity;
    for await (const object of objects) {
      if (left-- <= 0) throw new TelltaleError('OBJECT_STORE', 'The connection broke.');
      yield object;
    }
  }
}

function isOn<On extends Fault['on']>(fault: Fault, on: On): fault is Fault & { readonly on: On } {
  return fault.on === on;
}

function readError(code: 'OBJECT_STORE' | 'OBJECT_CHANGED' | 'OBJECT_STORE_DENIED'): TelltaleError {
  return new TelltaleError(code, 'The read went wrong.');
}
