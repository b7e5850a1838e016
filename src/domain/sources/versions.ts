import type { Checkpoint } from './checkpoint';
import type { ListedObject } from './reconcile';

/** A version of an object; the object store's `ObjectVersion` fits. */
export interface SourceVersion {
  readonly versionId: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

/** What happens to objects that were never read, and modified before `ms` (epoch milliseconds). */
export interface Since {
  readonly ms: number;
  /** `passedOver`: what is in them is not wanted, what is appended later is. */
  readonly older: 'ignored' | 'passedOver';
  /**
   * As a listing named the source when it was older than `ms`, and `passedOver`. So much of it is passed over, whatever was
   * put before somebody came to look at it. Without, the LastModified of what is looked at decides.
   */
  readonly listed?: ListedObject | null;
}

/**
 * How much of an object is passed over of which nothing was read: its first bytes, or all of it. Null when it does not
 * count, and is not even to be looked at.
 *
 * An object that is shorter than it was when it was listed was replaced: nothing of it is passed over.
 * @param known a checkpoint that speaks of no byte, if there is one
 */
export function passedOverOf(
  known: Checkpoint | null,
  { size, etag, lastModified }: ListedObject,
  { ms, older, listed = null }: Since,
): number | 'all' | null {
  // A source of which one object was seen to its end, an empty one or a gzip, is not as it was listed any more.
  if (listed !== null && known?.whole !== true && lastModified > listed.lastModified) {
    if (size === listed.size && etag === listed.etag) return 'all';
    return size < listed.size ? 0 : listed.size;
  }
  if (lastModified >= ms) return 0;
  return older === 'ignored' ? null : 'all';
}

/** The version id that S3 gives to what was put before a bucket kept versions. */
export const UNVERSIONED = 'null';

/**
 * Which versions of an object are still to be read, oldest first, so that what was replaced between two looks is not
 * lost (rule 8).
 * @param kept all that the store keeps from the checkpoint's version on, oldest first; all of them when that one is gone
 */
export function versionsToRead<V extends SourceVersion>(
  checkpoint: Checkpoint | null,
  kept: readonly V[],
  since: Since,
): { readonly versions: readonly V[]; readonly possibleGap: boolean } {
  if (checkpoint === null) {
    const { listed = null } = since;
    if (listed !== null) return { versions: fromListed(kept, listed), possibleGap: false };
    const wanted = kept.findIndex(({ lastModified }) => lastModified >= since.ms);
    const first = wanted === -1 ? kept.length : wanted;
    // Of the newest of the older ones it is noted how long it is.
    return { versions: kept.slice(Math.max(0, since.older === 'passedOver' ? first - 1 : first)), possibleGap: false };
  }
  if (kept.length === 0) return { versions: [], possibleGap: false };
  const last = lookedAt(checkpoint);
  const known = kept.findIndex(({ versionId }) => versionId === (last.versionId ?? UNVERSIONED));
  if (known !== -1) return { versions: kept.slice(last.settled ? known + 1 : known), possibleGap: false };
  return { versions: kept.filter(({ lastModified }) => lastModified > last.lastModified), possibleGap: true };
}

/** From the version that was listed, if it is still kept: of those of one second it was the newest. */
function fromListed<V extends SourceVersion>(kept: readonly V[], listed: ListedObject): readonly V[] {
  const there = kept.findLastIndex(({ lastModified }) => lastModified === listed.lastModified);
  return there === -1 ? kept.filter(({ lastModified }) => lastModified > listed.lastModified) : kept.slice(there);
}

/** The version that was looked at last: the one that was read, or a newer one that can never be read. */
export function lookedAt({ quarantine, versionId, lastModified, whole }: Checkpoint): SourceVersionState {
  if (quarantine === null) return { versionId, lastModified, settled: whole };
  return quarantine.reason === 'denied'
    ? { versionId, lastModified, settled: whole }
    : { versionId: quarantine.versionId, lastModified: quarantine.lastModified, settled: true };
}

interface SourceVersionState {
  readonly versionId: string | null;
  readonly lastModified: number;
  /** Nothing of it is left to read. */
  readonly settled: boolean;
}
