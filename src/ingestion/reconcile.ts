import type { Checkpoint } from './checkpoint';
import { isTrimmed } from './progress';

/** What is remembered of every source, to tell from a listing which are to be looked at: the little that this takes. */
export interface KnownSource {
  readonly etag: string;
  /** Bytes of the object as it is stored. */
  readonly size: number;
  readonly versioned: boolean;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** All of the object was read, or it is in quarantine for good. */
  readonly settled: boolean;
  readonly heldSince: number | null;
  readonly ended: number | null;
  readonly slim: boolean;
}

/** An object as a listing says it. */
export interface ListedObject {
  readonly size: number;
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

export function knownOf(checkpoint: Checkpoint): KnownSource {
  const { position, identity, quarantine, ended } = checkpoint;
  const refused = quarantine !== null && quarantine.reason !== 'denied' ? quarantine : null;
  return {
    etag: refused?.etag ?? identity.etag,
    size: refused?.size ?? identity.objectSize,
    versioned: (refused ?? identity).versionId !== null,
    lastModified: (refused ?? identity).lastModified,
    settled: refused !== null || (identity.whole && quarantine === null),
    heldSince: refused === null ? position.heldSince : null,
    ended,
    slim: isTrimmed(checkpoint),
  };
}

/**
 * Is an object to be looked at? ETag and size decide, LastModified never alone; but where versions are kept, a newer one of
 * the same bytes may hide others. A tail that waits for too long is a reason, too.
 */
export function differs(known: KnownSource, object: ListedObject, tailDueAt: number): boolean {
  if (known.etag !== object.etag || known.size !== object.size || !known.settled || known.ended !== null) return true;
  if (known.versioned && known.lastModified !== object.lastModified) return true;
  return known.heldSince !== null && known.heldSince <= tailDueAt;
}

/** After so long without a change little is kept of a source. */
const SLIM_AFTER_MS = 24 * 60 * 60_000;

export function canSlim(known: KnownSource, now: number): boolean {
  return !known.slim && known.ended === null && now - known.lastModified >= SLIM_AFTER_MS;
}

/** Is nothing left in topic `logs` of a source whose object was deleted? */
export function canForget(known: KnownSource, now: number, retentionMs: number): boolean {
  return known.ended !== null && now - known.ended >= retentionMs;
}

/** Failed reads are tried again after 5 s, 10 s, 20 s … a quarter of an hour. */
export function retryDelay(attempts: number): number {
  return Math.min(5_000 * 2 ** (attempts - 1), 15 * 60_000);
}
