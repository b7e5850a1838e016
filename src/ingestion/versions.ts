import type { Checkpoint } from './checkpoint';
import { UNVERSIONED } from './plan';
import type { ListedObject } from './reconcile';

/** A version of an object; the object store's `ObjectVersion` fits. */
export interface SourceVersion {
  readonly versionId: string;
  readonly etag: string;
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
  if (listed !== null && known?.identity.whole !== true && lastModified > listed.lastModified) {
    if (size === listed.size && etag === listed.etag) return 'all';
    return size < listed.size ? 0 : listed.size;
  }
  if (lastModified >= ms) return 0;
  return older === 'ignored' ? null : 'all';
}

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
  const last = lookedAt(checkpoint);
  if (last === null) {
    const { listed = null } = since;
    if (listed !== null) return { versions: fromListed(kept, listed), possibleGap: false };
    const wanted = kept.findIndex(({ lastModified }) => lastModified >= since.ms);
    const first = wanted === -1 ? kept.length : wanted;
    // Of the newest of the older ones it is noted how long it is.
    return { versions: kept.slice(Math.max(0, since.older === 'passedOver' ? first - 1 : first)), possibleGap: false };
  }
  if (kept.length === 0) return { versions: [], possibleGap: false };
  const known = kept.findIndex(({ versionId }) => versionId === (last.versionId ?? UNVERSIONED));
  if (known !== -1) {
    // What has no version of its own may be another one by now. If it is a rewrite, its reading notes the possible gap.
    const isRead = last.settled && kept[known]?.etag === last.etag;
    return { versions: kept.slice(isRead ? known + 1 : known), possibleGap: false };
  }
  return { versions: kept.filter(({ lastModified }) => lastModified > last.lastModified), possibleGap: true };
}

/** From the version that was listed, if it is still kept: of those of one second it was the newest. */
function fromListed<V extends SourceVersion>(kept: readonly V[], listed: ListedObject): readonly V[] {
  const there = kept.findLastIndex(({ lastModified }) => lastModified === listed.lastModified);
  return there === -1 ? kept.filter(({ lastModified }) => lastModified > listed.lastModified) : kept.slice(there);
}

/**
 * The version that was looked at last: the one that was read, or a newer one that can never be read. Null when none ever
 * was: of an object that was denied at the first look nobody knows which version it is, and what came before it.
 */
export function lookedAt(checkpoint: Checkpoint | null): VersionLookedAt | null {
  if (checkpoint === null) return null;
  const { quarantine, position, identity } = checkpoint;
  const { versionId, etag, lastModified, whole } = identity;
  if (quarantine !== null && quarantine.reason !== 'denied') return { ...quarantine, settled: true };
  if (versionId === null && position.size === 0 && !whole) return null;
  return { versionId, etag, lastModified, settled: whole };
}

interface VersionLookedAt extends Omit<SourceVersion, 'versionId'> {
  readonly versionId: string | null;
  /** Nothing of it is left to read. */
  readonly settled: boolean;
}
