import { slotsOf, type SketchBlock } from '../lines/repeats/sketch';
import { blockKey, encodeBlock } from '../lines/repeats/sketch-record';
import type { RecordData } from '../records/record-batch';
import { BUCKET_ORIGIN, encodeBucketRecord, type BucketRecord } from './bucket-record';
import type { Checkpoint } from './checkpoint';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-record';
import { topicProblem } from './line-topics';
import { trimmed } from './progress';
import { knownOf, type KnownSource } from './reconcile';
import { splitSourceId, type SourceId } from './source-id';

/** A record of topic `checkpoints` or `sketches`, and the origin that chooses its partition. */
export interface SourceRecord extends RecordData {
  readonly key: Buffer;
  readonly origin: string;
}

/** A record of topic `checkpoints` as it was read back. */
export interface ReadCheckpoint {
  readonly source: SourceId;
  readonly key: Buffer;
  readonly value: Buffer | null;
  /** Null for a tombstone, and for a record that cannot be decoded. */
  readonly checkpoint: Checkpoint | null;
  /** Why the record cannot be decoded; null when it can. */
  readonly problem: string | null;
}

/** A source that must not be read: that could lose or repeat lines. */
export interface BlockedSource {
  readonly reason: 'unreadable-checkpoint' | 'unknown-topic';
  readonly problem: string;
}

/**
 * The committed checkpoints of all sources in their encoded form: a hundred thousand take some tens of megabytes. Only
 * checkpoints of sources that are being read are decoded.
 */
export class CheckpointTable {
  private readonly values = new Map<SourceId, string>();
  private readonly blockedSources = new Map<SourceId, BlockedSource>();
  /** When each bucket was listed first, epoch milliseconds. */
  private readonly firstListings = new Map<string, number>();

  /** @param lineTopics the topics that lines may go to */
  constructor(private readonly lineTopics: readonly string[]) {}

  /** Takes a record that was read. One that cannot be decoded blocks its own source, and no other. */
  load({ source, key, value, checkpoint, problem }: ReadCheckpoint): void {
    this.blockedSources.delete(source);
    this.put({ key, value: problem === null ? value : null });
    if (problem !== null) this.blockedSources.set(source, { reason: 'unreadable-checkpoint', problem });
    const unknownTopic = checkpoint === null ? null : topicProblem(checkpoint, this.lineTopics);
    if (unknownTopic !== null) {
      this.blockedSources.set(source, { reason: 'unknown-topic', problem: unknownTopic });
    }
  }

  get blocked(): ReadonlyMap<SourceId, BlockedSource> {
    return this.blockedSources;
  }

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
    this.firstListings.set(bucket, firstListed);
  }

  /** When a bucket was listed first (epoch milliseconds); null when that was not recorded. */
  firstListed(bucket: string): number | null {
    return this.firstListings.get(bucket) ?? null;
  }

  /** The sources of a bucket as ingest knows them, by key. */
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

  /** The records that trim the checkpoints of some sources, and remove those of others. */
  cleanedUp(trim: readonly SourceId[], remove: readonly SourceId[], timestamp: number): CleanUpRecords {
    const checkpoints: SourceRecord[] = [];
    const sketches: SourceRecord[] = [];
    for (const known of this.checkpointsOf(trim)) {
      const { checkpoint, blocks } = trimmed(known);
      checkpoints.push(checkpointRecordOf(checkpoint, timestamp));
      sketches.push(...sketchRecordsOf(known, blocks, timestamp));
    }
    for (const known of this.checkpointsOf(remove)) {
      checkpoints.push({ ...checkpointRecordOf(known, timestamp), value: null });
      sketches.push(...sketchTombstonesOf(known, timestamp));
    }
    return { checkpoints, sketches };
  }

  private checkpointsOf(sources: readonly SourceId[]): Checkpoint[] {
    return sources.flatMap((source) => this.get(source) ?? []);
  }
}

/** Records by their topic. */
export interface CleanUpRecords {
  readonly checkpoints: readonly SourceRecord[];
  readonly sketches: readonly SourceRecord[];
}

/** Blocks of a source's sketch, as records of topic `sketches`. */
export function sketchRecordsOf(
  { source, origin }: Checkpoint,
  blocks: readonly SketchBlock[],
  timestamp: number,
): SourceRecord[] {
  return blocks.map((block) => ({ ...encodeBlock(source, block), headers: [], timestamp, origin }));
}

function sketchTombstonesOf({ source, origin, format }: Checkpoint, timestamp: number): SourceRecord[] {
  const record = { value: null, headers: [], timestamp, origin };
  return slotsOf(format.sketch).map(({ level, slot }) => ({ ...record, key: blockKey(source, level, slot) }));
}

export function checkpointRecordOf(checkpoint: Checkpoint, timestamp: number): SourceRecord {
  return { ...encodeCheckpoint(checkpoint), headers: [], timestamp, origin: checkpoint.origin };
}

export function bucketRecordOf(record: BucketRecord): SourceRecord {
  return { ...encodeBucketRecord(record), headers: [], timestamp: record.firstListed, origin: BUCKET_ORIGIN };
}

/** True when a step that begins at `from` continues the checkpoint: no byte is missing, none comes twice (`every-line-once`). */
export function follows(
  last: Checkpoint | null,
  from: { readonly generation: number; readonly offset: number },
): boolean {
  if (last === null) return from.generation === 0 && from.offset === 0;
  const { generation, offset } = last.position;
  if (from.generation > generation) return from.offset === 0;
  return from.generation === generation && from.offset === offset;
}
