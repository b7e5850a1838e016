import type { Checkpoint } from '../src/ingestion/checkpoint';
import { UNVERSIONED } from '../src/ingestion/plan';
import { withPossibleGap } from '../src/ingestion/progress';
import { lookedAt, versionsToRead } from '../src/ingestion/versions';
import type { ObjectInfo } from '../src/ports/object-store';
import { isTelltaleError, type TelltaleError } from '../src/errors';
import { endSource, readObject, refuseObject, rereadObject } from './reading';
import { positionOf, type ReadingOptions, type Steps } from './steps';

/** A generation that somebody asked for (`telltale reingest`). */
export interface Restart {
  /** The one that it follows, at least: what was begun already is gone on with. */
  after: number;
  /** Count lines that were read before once more. */
  readonly count: boolean;
}

/**
 * Reads what is new of a source: every version that was put since it was looked at last, oldest first, where versions are
 * kept; else the object as it is. One that is gone ends its source.
 *
 * @param committed what the event log knows of the source
 * @returns the checkpoint behind all of it; null when nothing is known of it still
 * @throws as `readObject`
 */
export async function* readSource(
  committed: Checkpoint | null,
  key: string,
  restart: Restart | null,
  options: ReadingOptions,
): Steps<Checkpoint | null> {
  const looked = await lookAt(key, options);
  // A store that answers slowly answers more than one request: each is a turn of its own.
  yield null;
  if (looked.denied !== null) return yield* refuseObject(committed, looked.object, looked.denied, options);
  const newest = looked.object;
  const isWanted = restart !== null && committed !== null && committed.position.generation <= restart.after;
  if (newest === null || !isWanted) return yield* readNew(committed, key, newest, options);

  // Versions that nobody has read yet come first: a new generation of the newest would pass over them.
  const last = mayHideOthers(newest, committed) ? yield* readNew(committed, key, newest, options) : committed;
  if (last === null || last.quarantine?.reason === 'denied') return last;
  restart.after = last.position.generation;
  return yield* rereadObject(last, newest, restart.count, options);
}

/**
 * The newest object; null when there is none. S3 wants the same right for a look as for a read: of one that may not be
 * looked at, the listing says what quarantine needs to know.
 */
async function lookAt(
  key: string,
  { store, bucket }: ReadingOptions,
): Promise<{ object: ObjectInfo | null; denied: null } | { object: ObjectInfo; denied: TelltaleError }> {
  try {
    return { object: await store.head(bucket, key), denied: null };
  } catch (error) {
    if (!isTelltaleError(error, 'OBJECT_STORE_DENIED')) throw error;
    for await (const object of store.list(bucket, { prefix: key })) {
      if (object.key === key) return { object, denied: error };
      break;
    }
    throw error;
  }
}

async function* readNew(
  committed: Checkpoint | null,
  key: string,
  newest: ObjectInfo | null,
  options: ReadingOptions,
): Steps<Checkpoint | null> {
  if (newest !== null && !mayHideOthers(newest, committed)) return yield* readObject(committed, newest, options);

  let last = committed;
  for (;;) {
    const before = lookedAt(last)?.versionId;
    for await (const object of objectsToRead(last, key, newest, options)) {
      yield null;
      last = yield* object === null ? lostVersion(last) : readObject(last, object, options);
      // Versions are read in order: those behind wait until this one may be read. They do not wait for one that is gone.
      if (object !== null && last?.quarantine?.reason === 'denied') return last;
    }
    if (newest !== null || last === null) return last;
    if (lookedAt(last)?.versionId === before) return yield* endSource(last, options);
    // A deletion ends a source behind all that was put before it: some of that may have come since versions were listed.
    yield null;
    if ((await options.store.head(options.bucket, key)) !== null) return last;
  }
}

/** Were there other versions between the one that was read last and this one? */
function mayHideOthers({ versionId }: ObjectInfo, committed: Checkpoint | null): boolean {
  return versionId !== undefined && versionId !== lookedAt(committed)?.versionId;
}

/** Null stands for a version that was not to be had any more. */
async function* objectsToRead(
  committed: Checkpoint | null,
  key: string,
  newest: ObjectInfo | null,
  { store, bucket, since }: ReadingOptions,
): AsyncGenerator<ObjectInfo | null, void, undefined> {
  // What ended without versions has none.
  const from = lookedAt(committed)?.versionId;
  if (newest === null && from === null) return;
  const kept = await store.versions(bucket, key, from === null ? UNVERSIONED : from);
  const { versions, possibleGap } = versionsToRead(committed, kept, since);
  if (possibleGap && (newest !== null || versions.length > 0)) yield null;
  for (const { versionId } of versions) {
    yield versionId === newest?.versionId ? newest : await store.head(bucket, key, versionId);
  }
  if (newest !== null && versions.length === 0) yield newest;
}

// eslint-disable-next-line @typescript-eslint/require-await -- a reading like the others
async function* lostVersion(last: Checkpoint | null): Steps<Checkpoint | null> {
  if (last === null) return null;
  const checkpoint = withPossibleGap(last);
  yield { batch: null, from: positionOf(last), checkpoint, more: true };
  return checkpoint;
}
