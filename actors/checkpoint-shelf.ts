import type { RecordData } from '../src/records/record-batch';
import type { Checkpoint } from '../src/ingestion/checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from '../src/ingestion/checkpoint-record';
import { firstCheckpoint, slimmed } from '../src/ingestion/progress';
import { knownOf, type KnownSource } from '../src/ingestion/reconcile';
import { sourceId, splitSourceId, type SourceId } from '../src/ingestion/source-id';

/** The key of no object: its checkpoint says when a bucket was looked at first. */
export const BUCKET_ITSELF = '';

/** A record of topic `checkpoints`, and by what its partition is chosen. */
export interface CheckpointRecord extends RecordData {
  readonly key: Buffer;
  readonly origin: string;
}

/**
 * The committed checkpoints of all sources, as they are written: a hundred thousand of them in some tens of megabytes.
 * Only those in work are unfolded.
 */
export class CheckpointShelf {
  private readonly values = new Map<SourceId, string>();

  get(source: SourceId): Checkpoint | null {
    const value = this.values.get(source);
    return value === undefined ? null : decodeCheckpoint(Buffer.from(source), Buffer.from(value));
  }

  /** Puts what is committed; a tombstone takes it away. */
  put({ key, value }: { readonly key: Buffer; readonly value: Buffer | null }): void {
    if (value === null) this.values.delete(key.toString());
    else this.values.set(key.toString(), value.toString());
  }

  /** What a reconciliation needs to know of the sources of a bucket, by key. */
  known(bucket: string): Map<string, KnownSource> {
    const known = new Map<string, KnownSource>();
    for (const source of this.values.keys()) {
      const { bucket: its, key } = splitSourceId(source);
      // Equal keys in other buckets are other sources.
      const checkpoint = its === bucket && key !== BUCKET_ITSELF ? this.get(source) : null;
      if (checkpoint !== null) known.set(key, knownOf(checkpoint));
    }
    return known;
  }

  /** When a bucket was looked at first (epoch milliseconds); null when that was not noted. */
  since(bucket: string): number | null {
    return this.get(sourceId(bucket, BUCKET_ITSELF))?.lastModified ?? null;
  }

  /** The records that leave little of some sources, and nothing of others. */
  tidied(slim: readonly SourceId[], forget: readonly SourceId[], timestamp: number): CheckpointRecord[] {
    const slimRecords = slim.flatMap((source) => {
      const checkpoint = this.get(source);
      return checkpoint === null ? [] : [recordOf(slimmed(checkpoint), timestamp)];
    });
    const tombstones = forget.flatMap((source) => {
      const checkpoint = this.get(source);
      return checkpoint === null ? [] : [{ ...recordOf(checkpoint, timestamp), value: null }];
    });
    return [...slimRecords, ...tombstones];
  }
}

/** The record that notes when a bucket was looked at first. */
export function sinceRecord(bucket: string, now: number): CheckpointRecord {
  const nothing = { size: 0, etag: '', lastModified: now };
  return recordOf(firstCheckpoint(sourceId(bucket, BUCKET_ITSELF), '-', nothing, 'plain'), now);
}

export function recordOf(checkpoint: Checkpoint, timestamp: number): CheckpointRecord {
  return { ...encodeCheckpoint(checkpoint), headers: [], timestamp, origin: checkpoint.origin };
}
