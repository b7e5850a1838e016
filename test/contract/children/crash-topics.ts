import type { TopicSpec } from '../../../src/stream/topics';

const retentionMs = 100 * 365 * 24 * 60 * 60 * 1000;

/** What `write-transactions` writes to. */
export const crashTopics: readonly TopicSpec[] = [
  { name: 'logs', partitions: 2, cleanup: 'delete', retentionMs },
  { name: 'checkpoints', partitions: 1, cleanup: 'compact', retentionMs },
];
