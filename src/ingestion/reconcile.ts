import { isRetried, type Checkpoint } from './checkpoint';
import { isTrimmed } from './progress';

/** State needed to decide whether a listed object must be read. Small: there may be a hundred thousand. */
export interface KnownSource {
  readonly etag: string;
  /** Bytes of the object as it is stored. */
  readonly size: number;
  readonly versioned: boolean;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** All of the object was read, or it is quarantined permanently. */
  readonly settled: boolean;
  readonly heldSince: number | null;
  readonly ended: number | null;
  readonly trimmed: boolean;
}

/** An object as a listing names it. */
export interface ListedObject {
  readonly size: number;
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

export function knownOf(checkpoint: Checkpoint): KnownSource {
  const { position, identity, quarantine, ended } = checkpoint;
  const refused = quarantine !== null && !isRetried(quarantine.reason) ? quarantine : null;
  return {
    etag: refused?.etag ?? identity.etag,
    size: refused?.size ?? identity.objectSize,
    versioned: (refused ?? identity).versionId !== null,
    lastModified: (refused ?? identity).lastModified,
    settled: refused !== null || (identity.whole && quarantine === null),
    heldSince: refused === null ? position.heldSince : null,
    ended,
    trimmed: isTrimmed(checkpoint),
  };
}

/**
 * True when an object must be read. ETag and size decide, LastModified never alone; but on a versioned bucket, a newer
 * version of the same bytes may hide others. A held tail that is overdue is another reason.
 */
export function needsRead(known: KnownSource, object: ListedObject, tailDueAt: number): boolean {
  if (known.etag !== object.etag || known.size !== object.size || !known.settled || known.ended !== null) return true;
  if (known.versioned && known.lastModified !== object.lastModified) return true;
  return known.heldSince !== null && known.heldSince <= tailDueAt;
}

/** A source is trimmed when it has not changed for this long. */
const TRIM_AFTER_MS = 24 * 60 * 60_000;

export function canTrim(known: KnownSource, now: number): boolean {
  return !known.trimmed && known.ended === null && now - known.lastModified >= TRIM_AFTER_MS;
}

/** True when retention has taken all lines of a deleted source: its checkpoint can be removed. */
export function canRemove(known: KnownSource, now: number, retentionMs: number): boolean {
  return known.ended !== null && now - known.ended >= retentionMs;
}

/** Failed readings are retried after 5 s, 10 s, 20 s … a quarter of an hour. */
export function retryDelay(attempts: number): number {
  return Math.min(5_000 * 2 ** (attempts - 1), 15 * 60_000);
}

/** Objects that the store will not give for hours or ever are tried again after 15 min, 30 min, 1 h … 6 h. */
export function rareRetryDelay(attempts: number): number {
  return Math.min(15 * 60_000 * 2 ** (attempts - 1), 6 * 60 * 60_000);
}
