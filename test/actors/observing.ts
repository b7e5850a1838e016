import { rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openFolderStore } from '../../src/adapters/embedded/folder-store';
import { encodeKey } from '../../src/adapters/embedded/object-path';
import type { Checkpoint } from '../../src/ingestion/checkpoint';
import { decodeCheckpoint } from '../../src/ingestion/checkpoint-record';
import { isBalanced } from '../../src/ingestion/progress';
import { sourceId } from '../../src/ingestion/source-id';
import { systemClock, type Clock } from '../../src/ports/clock';
import type { EventLog } from '../../src/ports/event-log';
import type { ObjectStore } from '../../src/ports/object-store';
import { readLines, readRecords } from '../support/topics';
import { changedStore, withCommitFaults } from './decorators';
import { BUCKET, inBatchesOf, UPLOADED, type Place } from './producing';

/** Observations for tests of the producer. */

/** Lines with their terminators. */
export const text = (...lines: string[]): string => lines.map((line) => `${line}\n`).join('');

/** The names of consecutive lines of one generation in the topic, from an offset on. */
export function published(generation: number, lines: readonly string[], from = 0, mark = ''): string[] {
  let offset = from;
  return lines.map((line) => {
    const name = `${generation}:${offset} ${line}${mark}`;
    offset += Buffer.byteLength(line) + 1;
    return name;
  });
}

/** The lines of a source as {@link readLines} returns them; undefined without lines. */
export async function linesOf(log: EventLog, key: string): Promise<string[] | undefined> {
  return (await readLines(log))[sourceId(BUCKET, key)];
}

/** Every checkpoint of a source in commit order; null is a tombstone. */
export async function checkpointsOf(log: EventLog, key: string): Promise<(Checkpoint | null)[]> {
  const source = sourceId(BUCKET, key);
  const records = await readRecords(log, 'checkpoints');
  return records.flatMap((record) =>
    record.key?.toString() === source ? [decodeCheckpoint(record.key, record.value)] : [],
  );
}

/** The committed checkpoint of a source, after a check of its sums. */
export async function checkpointOf(log: EventLog, key: string): Promise<Checkpoint> {
  const checkpoint = (await checkpointsOf(log, key)).at(-1) ?? null;
  if (checkpoint === null) throw new Error(`there is no checkpoint of ${key}`);
  if (!isBalanced(checkpoint))
    throw new Error(`the ledger does not add up: ${JSON.stringify(checkpoint.position.sums)}`);
  return checkpoint;
}

/** The records of topic `quarantine`. */
export async function quarantineOf(log: EventLog): Promise<unknown[]> {
  const records = await readRecords(log, 'quarantine', 1);
  return records.map(({ value }) => JSON.parse(value?.toString() ?? 'null') as unknown);
}

/** A store, and its reads since `reset`. It yields small pieces, as S3 does. */
export interface Watched {
  readonly store: ObjectStore;
  bytes: number;
  /** Start of each read. */
  reads: { readonly key: string; readonly from: number }[];
  reset(): void;
}

const PIECE_BYTES = 64 * 1024;

export function watched(store: ObjectStore): Watched {
  const watch: Watched = {
    store: changedStore(store, {
      read: async (bucket, key, range) => {
        watch.reads.push({ key, from: range.from });
        return counted(await store.read(bucket, key, range));
      },
    }),
    bytes: 0,
    reads: [],
    reset: () => {
      watch.bytes = 0;
      watch.reads = [];
    },
  };
  async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece = chunk.subarray(at, at + PIECE_BYTES);
        watch.bytes += piece.length;
        yield piece;
      }
    }
  }
  return watch;
}

/**
 * For killing a producer during a read: time advances in leaps, so that every step is committed separately. From the
 * fourth commit on, none is, and `reached` resolves.
 */
export function stuckAfterSomeSteps({ log, options }: Place): {
  readonly options: Partial<Place['options']>;
  readonly reached: Promise<void>;
} {
  let now = UPLOADED;
  let commits = 0;
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return {
    options: {
      ...inBatchesOf(20_000, options),
      clock: { ...options.clock, now: () => (now += 1_000) },
      log: withCommitFaults(log, () => {
        if (++commits <= 3) return null;
        reach();
        return 'answer lost, did not happen';
      }),
    },
    reached,
  };
}

/** A clock that changes only when set. */
export function clockAt(ms: number): Clock & { set(ms: number): void } {
  let now = ms;
  return { ...systemClock, now: () => now, set: (to) => void (now = to) };
}

/** Uploads an object with a given time. */
export async function putAt(place: Place, ms: number, key: string, content: string | Buffer): Promise<void> {
  const store = await openFolderStore({
    folder: join(place.folder, 'store'),
    versioning: true,
    clock: { ...systemClock, now: () => ms },
  });
  const path = join(place.folder, 'upload');
  writeFileSync(path, content);
  await store.putFile(BUCKET, key, path);
}

/** Puts a file directly into the store's folder: fast, for many objects. */
export function drop({ folder }: Place, key: string, content: string | Buffer): void {
  const path = join(folder, 'store/objects', BUCKET, ...encodeKey(key));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Deletes an object; its versions stay. */
export function remove({ folder }: Place, key: string): void {
  rmSync(join(folder, 'store/objects', BUCKET, ...encodeKey(key)));
}
