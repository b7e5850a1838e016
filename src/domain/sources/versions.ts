import type { Checkpoint } from './checkpoint';

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
