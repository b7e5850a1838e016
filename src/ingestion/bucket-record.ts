import { TelltaleError } from '../errors';
import { finite, objectAt } from '../json-fields';
import { EMPTY_FINGERPRINT } from './content';
import { sourceId, splitSourceId, type SourceId } from './source-id';

/**
 * A record about a whole bucket in topic `checkpoints`, under a key that no object can have: when the bucket was listed
 * first. With `since: now`, objects modified before that are skipped.
 */
export interface BucketRecord {
  readonly bucket: string;
  /** Epoch milliseconds. */
  readonly firstListed: number;
}

/** Chooses the partition, as the origin of a source does. */
export const BUCKET_ORIGIN = '-';

/** True for the key of a {@link BucketRecord}; all other keys of topic `checkpoints` are those of sources. */
export function isBucketKey(source: SourceId): boolean {
  return splitSourceId(source).key === '';
}

export function bucketKey(bucket: string): SourceId {
  return sourceId(bucket, '');
}

/** Earlier versions read this record as the checkpoint of an empty object: it stays one. `m` is the time. */
export function encodeBucketRecord({ bucket, firstListed }: BucketRecord): { key: Buffer; value: Buffer } {
  const value = {
    ...{ v: 2, o: BUCKET_ORIGIN, n: 0, e: '=', m: firstListed, w: 0 },
    ...{ c: '0000000000000000', f: EMPTY_FINGERPRINT.slice(0, -1), p: 1, r: {} },
  };
  return { key: Buffer.from(bucketKey(bucket)), value: Buffer.from(JSON.stringify(value)) };
}

/** @throws CORRUPT_CHECKPOINT when the record does not say when the bucket was listed first */
export function decodeBucketRecord(key: Buffer, value: Buffer): BucketRecord {
  const { bucket } = splitSourceId(key.toString());
  try {
    const at = objectAt(JSON.parse(value.toString()), 'it');
    if (at['v'] !== 2) throw new Error(`its version is ${JSON.stringify(at['v'])}, only 2 is known here`);
    return { bucket, firstListed: finite(at, 'm') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The record of bucket ${JSON.stringify(bucket)} in topic checkpoints cannot be read: ${reason}. Run the version of Telltale that wrote it.`;
    throw new TelltaleError('CORRUPT_CHECKPOINT', message, { cause: error });
  }
}
