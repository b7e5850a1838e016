/** The topics: the only contract between the programs (rule 3). */

export const topicNames = [
  'logs',
  'checkpoints',
  'windows',
  'counting-state',
  'outbox',
  'state',
  'quarantine',
] as const;
export type TopicName = (typeof topicNames)[number];

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
}

const days = (n: number): number => n * 24 * 60 * 60 * 1000;

/** Windows by origin; kept for at least as long as counting may revise them. */
export function windowsTopic(partitions: number, keepWindowsMs: number): TopicSpec {
  const retentionMs = Math.max(2 * keepWindowsMs, days(2));
  return { name: 'windows', partitions, cleanup: 'compact,delete', retentionMs };
}

/** What counting knows of each origin and open error. */
export function countingStateTopic(partitions: number): TopicSpec {
  return { name: 'counting-state', partitions, cleanup: 'compact', retentionMs: days(30) };
}

export const outboxTopic: TopicSpec = {
  name: 'outbox',
  partitions: 1,
  cleanup: 'compact,delete',
  retentionMs: days(30),
};

/**
 * What every program makes sure of at start.
 * @param partitions number of partitions of `logs`, `checkpoints` and `windows`; never changes once data exists
 * @param keepWindowsMs how long counting keeps windows; their topic keeps them for at least as long
 * @param logsRetentionMs how long lines are kept
 */
export function topicSpecs(partitions: number, keepWindowsMs: number, logsRetentionMs: number): readonly TopicSpec[] {
  return [
    { name: 'logs', partitions, cleanup: 'delete', retentionMs: logsRetentionMs },
    { name: 'checkpoints', partitions, cleanup: 'compact', retentionMs: logsRetentionMs },
    windowsTopic(partitions, keepWindowsMs),
    countingStateTopic(partitions),
    outboxTopic,
    { name: 'state', partitions: 1, cleanup: 'compact', retentionMs: days(30) },
    { name: 'quarantine', partitions: 1, cleanup: 'delete', retentionMs: days(30) },
  ];
}
