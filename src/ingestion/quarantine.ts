import { isTelltaleError, type ErrorCode } from '../errors';
import { quarantineReasons, type QuarantineReason } from './checkpoint';
import type { SourceObject } from './plan';

/** An object that cannot be read: one record of topic `quarantine` (key = SourceId) per source, ETag and reason. */
export interface QuarantineRecord {
  readonly v: 1;
  readonly source: string;
  readonly etag: string;
  readonly versionId: string | null;
  /** Bytes of the object as it is stored. */
  readonly size: number;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  readonly reason: QuarantineReason;
  /** Text for people. */
  readonly detail: string;
}

/** An error about an object; a `TelltaleError` fits. */
export interface ObjectFault {
  readonly code: ErrorCode;
  readonly retriable: boolean;
  readonly reason: string | null;
}

const reasons: Partial<Record<ErrorCode, QuarantineReason>> = {
  OBJECT_GZIP_CORRUPT: 'gzip-corrupt',
  OBJECT_GZIP_TRUNCATED: 'gzip-truncated',
  OBJECT_GZIP_RATIO: 'gzip-ratio',
  OBJECT_ZSTD_CORRUPT: 'zstd-corrupt',
  OBJECT_ZSTD_TRUNCATED: 'zstd-truncated',
  OBJECT_ZSTD_RATIO: 'zstd-ratio',
  OBJECT_ZSTD_WINDOW: 'zstd-window',
  OBJECT_STORE_DENIED: 'denied',
};

/** Why an object goes to quarantine; null for errors that do not concern the object itself. */
export function quarantineReasonOf(error: unknown): QuarantineReason | null {
  return isTelltaleError(error) ? quarantineReasonFor(error) : null;
}

/** As {@link quarantineReasonOf}. */
export function quarantineReasonFor({ code, retriable, reason }: ObjectFault): QuarantineReason | null {
  const named = quarantineReasons.find((known) => known === reason) ?? null;
  switch (code) {
    case 'OBJECT_ENCODING':
      return named;
    // A permanent error of the store concerns the object, unless it concerns the bucket (NO_SUCH_BUCKET).
    case 'OBJECT_STORE':
    case 'OBJECT_KEY':
      return retriable ? null : (named ?? 'refused');
    default:
      return reasons[code] ?? null;
  }
}

export function quarantineRecord(
  source: string,
  { etag, versionId, size, lastModified }: SourceObject,
  reason: QuarantineReason,
  error: unknown,
): QuarantineRecord {
  const detail = error instanceof Error ? error.message : String(error);
  return { v: 1, source, etag, versionId: versionId ?? null, size, lastModified, reason, detail };
}

export function encodeQuarantine(record: QuarantineRecord): { key: Buffer; value: Buffer } {
  return { key: Buffer.from(record.source, 'utf8'), value: Buffer.from(JSON.stringify(record), 'utf8') };
}

/** A record batch of an input topic that cannot be read: one record of topic `quarantine`. The offsets are [from, next). */
export interface QuarantinedBatch {
  readonly v: 1;
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly next: number;
  /** The job that left it out. */
  readonly job: string;
  /** Text for people. */
  readonly detail: string;
}

/** No bucket has a colon in its name: the key never names a source. */
export function encodeQuarantinedBatch(batch: QuarantinedBatch): { key: Buffer; value: Buffer } {
  const key = `topic:${batch.topic}/${batch.partition}/${batch.from}`;
  return { key: Buffer.from(key, 'utf8'), value: Buffer.from(JSON.stringify(batch), 'utf8') };
}
