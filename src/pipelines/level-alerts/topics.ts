import type { TopicSpec } from '../../stream/topics';

/** The topics of this pipeline. */

const days = (n: number): number => n * 24 * 60 * 60 * 1000;

/** Windows by origin; kept for at least as long as counting may revise them. */
export function windowsTopic(partitions: number, keepWindowsMs: number): TopicSpec {
  const retentionMs = Math.max(2 * keepWindowsMs, days(2));
  return { name: 'windows', partitions, cleanup: 'compact,delete', retentionMs };
}

/** The state of counting, by origin and open error. */
export function countingStateTopic(partitions: number): TopicSpec {
  return { name: 'counting-state', partitions, cleanup: 'compact', retentionMs: days(30) };
}

/**
 * Mails and their status. As long as a window is kept, `telltale reset alerting` can decide its mail again: the status of
 * the sent mail must be kept for at least as long.
 */
export function outboxTopic(keepWindowsMs: number): TopicSpec {
  const retentionMs = Math.max(windowsTopic(1, keepWindowsMs).retentionMs, days(30));
  return { name: 'outbox', partitions: 1, cleanup: 'compact,delete', retentionMs };
}

/** Alerting's incidents, by id. */
export const alertingStateTopic: TopicSpec = {
  name: 'alerting-state',
  partitions: 1,
  cleanup: 'compact',
  retentionMs: days(30),
};
