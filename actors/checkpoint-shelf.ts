import type { RecordData } from '../src/records/record-batch';
import { BUCKET_ORIGIN, encodeBucketRecord, type BucketRecord } from '../src/ingestion/bucket-record';
import type { Checkpoint } from '../src/ingestion/checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from '../src/ingestion/checkpoint-record';
import { trimmed } from '../src/ingestion/progress';
import { knownOf, type KnownSource } from '../src/ingestion/reconcile';
import { splitSourceId, type SourceId } from '../src/ingestion/source-id';

/** A record of topic `checkpoints`, and the origin that chooses its partition. */
export interface CheckpointRecord extends RecordData {
  readonly key: Buffer;
  readonly origin: string;
}

/**
 * The committed checkpoints of all sources, as they are written: a hundred thousand of them in some tens of megabytes.
 * Only those that are being read are decoded.
 */
export class CheckpointShelf {
  private readonly values = new Map<SourceId, string>();
  /** When each bucket was listed first, epoch milliseconds. */
  private readonly firstListed = new Map<string, number>();

  get(source: SourceId): Checkpoint | null {
    const value = this.values.get(source);
    return value === undefined ? null : decodeCheckpoint(Buffer.from(source), Buffer.from(value));
  }

  /** Puts a committed checkpoint; a tombstone removes it. */
  put({ key, value }: { readonly key: Buffer; readonly value: Buffer | null }): void {
    if (value === null) this.values.delete(key.toString());
    else this.values.set(key.toString(), value.toString());
  }

  putBucket({ bucket, firstListed }: BucketRecord): void {
    this.firstListed.set(bucket, firstListed);
  }

  /** What a reconciliation needs to know of the sources of a bucket, by key. */
  known(bucket: string): Map<string, KnownSource> {
    const known = new Map<string, KnownSource>();
    for (const source of this.values.keys()) {
      const { bucket: its, key } = splitSourceId(source);
      // Equal keys in other buckets are other sources.
      const checkpoint = its === bucket ? this.get(source) : null;
      if (checkpoint !== null) known.set(key, knownOf(checkpoint));
    }
    return known;
  }

  /** When a bucket was listed first (epoch milliseconds); null when that was not recorded. */
  since(bucket: string): number | null {
    return this.firstListed.get(bucket) ?? null;
  }

  /** The records that leave little of some sources, and nothing of others. */
  tidied(slim: readonly SourceId[], forget: readonly SourceId[], timestamp: number): CheckpointRecord[] {
    const slimRecords = slim.flatMap((source) => {
      const checkpoint = this.get(source);
      return checkpoint === null ? [] : [recordOf(trimmed(checkpoint), timestamp)];
    });
    const tombstones = forget.flatMap((source) => {
      const checkpoint = this.get(source);
      return checkpoint === null ? [] : [{ ...recordOf(checkpoint, timestamp), value: null }];
    });
    return [...slimRecords, ...tombstones];
  }
}

export function bucketRecordOf(record: BucketRecord): CheckpointRecord {
  return { ...encodeBucketRecord(record), headers: [], timestamp: record.firstListed, origin: BUCKET_ORIGIN };
}

export function recordOf(checkpoint: Checkpoint, timestamp: number): CheckpointRecord {
  return { ...encodeCheckpoint(checkpoint), headers: [], timestamp, origin: checkpoint.origin };
}
