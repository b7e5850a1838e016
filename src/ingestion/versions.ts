import { isRetried, type Checkpoint, type Quarantined } from './checkpoint';
import { UNVERSIONED } from './plan';
import type { ListedObject } from './reconcile';

/** A version of an object; the object store's `ObjectVersion` fits. */
export interface SourceVersion {
  readonly versionId: string;
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

/** How objects are treated that were never read and were modified before `ms` (epoch milliseconds). */
export interface Since {
  readonly ms: number;
  /** `skipped`: their bytes are skipped, bytes appended later are read. */
  readonly older: 'ignored' | 'skipped';
  /**
   * The source in the first listing, if it was older than `ms`. Its bytes are skipped, and bytes appended between the listing
   * and the first check are read. Without it, the LastModified of the checked object decides.
   */
  readonly listed?: ListedObject | null;
}

/**
 * How many bytes to skip of an object that was never read: its first ones, or all. Null when the object is ignored.
 *
 * An object that is shorter than when it was listed was replaced: none of its bytes are skipped.
 * @param known a checkpoint that covers no byte, if there is one
 */
export function bytesToSkip(
  known: Checkpoint | null,
  { size, etag, lastModified }: ListedObject,
  { ms, older, listed = null }: Since,
): number | 'all' | null {
  // Once one of its objects was read to the end (an empty one, or a skipped gzip), the listing no longer describes the source.
  if (listed !== null && known?.identity.whole !== true && lastModified > listed.lastModified) {
    if (size === listed.size && etag === listed.etag) return 'all';
    return size < listed.size ? 0 : listed.size;
  }
  if (lastModified >= ms) return 0;
  return older === 'ignored' ? null : 'all';
}

/**
 * The versions of an object that are still to be read, oldest first: content that was replaced between two checks is not lost.
 * @param kept the versions that the store keeps from the checkpoint's on, oldest first; all versions when that one is gone
 */
export function versionsToRead<V extends SourceVersion>(
  checkpoint: Checkpoint | null,
  kept: readonly V[],
  since: Since,
): { readonly versions: readonly V[]; readonly possibleGap: boolean } {
  const last = checkedLast(checkpoint);
  if (last === null) {
    const { listed = null } = since;
    if (listed !== null) return { versions: fromListed(kept, listed), possibleGap: false };
    const wanted = kept.findIndex(({ lastModified }) => lastModified >= since.ms);
    const first = wanted === -1 ? kept.length : wanted;
    // Include the newest skipped version, to record its size.
    return { versions: kept.slice(Math.max(0, since.older === 'skipped' ? first - 1 : first)), possibleGap: false };
  }
  if (kept.length === 0) return { versions: [], possibleGap: false };
  const known = kept.findIndex(({ versionId }) => versionId === (last.versionId ?? UNVERSIONED));
  if (known !== -1) {
    // An object without a version id may have been replaced. If that was a rewrite, reading it notes the possible gap.
    const isRead = last.isRead && kept[known]?.etag === last.etag;
    return { versions: kept.slice(isRead ? known + 1 : known), possibleGap: false };
  }
  return { versions: kept.filter(({ lastModified }) => lastModified > last.lastModified), possibleGap: true };
}

/** From the listed version on, if it is still kept: the newest of those with its LastModified. */
function fromListed<V extends SourceVersion>(kept: readonly V[], listed: ListedObject): readonly V[] {
  const there = kept.findLastIndex(({ lastModified }) => lastModified === listed.lastModified);
  return there === -1 ? kept.filter(({ lastModified }) => lastModified > listed.lastModified) : kept.slice(there);
}

/**
 * The version that was checked last: the one that was read, or a newer one that cannot be read. Null when none was: an
 * object that was denied at the first check has an unknown version, and may have unread ones before it. Later versions do
 * not wait for an archived one.
 */
export function checkedLast(checkpoint: Checkpoint | null): CheckedVersion | null {
  if (checkpoint === null) return null;
  const { quarantine, position, identity } = checkpoint;
  const { versionId, etag, lastModified, whole } = identity;
  if (quarantine !== null && isPassed(quarantine)) return { ...quarantine, isRead: true };
  if (versionId === null && position.size === 0 && !whole) return null;
  return { versionId, etag, lastModified, isRead: whole };
}

function isPassed({ reason, versionId }: Quarantined): boolean {
  return !isRetried(reason) || (reason !== 'denied' && versionId !== null);
}

interface CheckedVersion extends Omit<SourceVersion, 'versionId'> {
  readonly versionId: string | null;
  /** No byte of it is left to read. */
  readonly isRead: boolean;
}
