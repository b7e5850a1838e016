/** The topics: the only contract between the programs. */

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact' | 'compact,delete';
  /** How long records are kept where `cleanup` deletes, in milliseconds. */
  readonly retentionMs: number;
  /** How long a compacted topic keeps a record at least after a newer one of its key replaced it; by default 0. */
  readonly compactionLagMs?: number;
  /** `uncompressed`: the log stores every batch uncompressed, however its writer sent it. By default `producer`. */
  readonly compression?: 'producer' | 'uncompressed';
  /** Who sets the timestamps of records: the writer (`create`, by default), or the log when it appends them. */
  readonly timestamps?: 'create' | 'append';
  /** The largest record batch that its writers append; by default 1 MiB, the limit of every event log. */
  readonly largestBatch?: LargestBatch;
}

export interface LargestBatch {
  readonly bytes: number;
  /** The key of the configuration that sets it. */
  readonly setting: string;
}

/** See `progress.ts`. */
export const PROGRESS = 'progress';

const days = (n: number): number => n * 24 * 60 * 60 * 1000;

/** A topic of lines, which the producer writes and jobs read. */
export function lineTopic(
  name: string,
  partitions: number,
  retentionMs: number,
  largestBatch: LargestBatch,
): TopicSpec {
  return { name, partitions, cleanup: 'delete', retentionMs, largestBatch };
}

/**
 * The topics of the producer's state, and of the heads of jobs.
 * @param partitions number of partitions of every topic of lines; never changes once data exists
 * @param retentionMs how long lines are kept
 */
export function coreTopics(partitions: number, retentionMs: number): readonly TopicSpec[] {
  return [
    { name: 'checkpoints', partitions, cleanup: 'compact', retentionMs },
    { name: 'sketches', partitions, cleanup: 'compact', retentionMs },
    { name: 'quarantine', partitions: 1, cleanup: 'delete', retentionMs: days(30) },
    { name: 'state', partitions: 1, cleanup: 'compact', retentionMs: days(30) },
    { name: PROGRESS, partitions, cleanup: 'compact', retentionMs: days(30) },
  ];
}
