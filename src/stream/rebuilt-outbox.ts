import type { OutputRecord } from './job';
import { parseOutboxKey, parseQuiet, parseStatus, quietRecord, statusRecord } from './outbox-records';

/** A message that a transport has sent, as the transport itself remembers it. */
export interface SentMessage {
  readonly id: string;
  readonly transportId: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** The records of an outbox that could be read, in order. */
export interface OldOutbox {
  readonly records: readonly StoredRecord[];
  /** True when there were no others. */
  readonly complete: boolean;
}

type StoredRecord = Omit<OutputRecord, 'key'> & { readonly key: Buffer | null };

/** All times are epoch milliseconds. */
export interface RebuildOptions {
  readonly now: number;
  /** When the old event log was written last, as far as that is known: nothing was sent later. */
  readonly lastUsed: number;
  /** How long the outbox keeps its records. */
  readonly retentionMs: number;
}

export interface RebuiltOutbox {
  readonly records: readonly OutputRecord[];
  /** Jobs write no messages about times up to this, unless the outbox shows that they are new. */
  readonly quietUntil: number;
}

/**
 * The outbox of an event log that replaces one that is damaged or lost, so that no message is sent again
 * (`at-most-one-repeat`):
 *
 * - All records that could be read stay, in their order. Undelivered messages are delivered.
 * - Each message that the transport has sent is SENT.
 * - If records are missing, a message without a known end may have been sent, although the transport has it no longer: its
 *   delivery is marked as a possible repeat.
 * - Messages about the time that the outbox does not show are suppressed: up to the last use if records are missing,
 *   otherwise before its retention.
 */
export function rebuildOutbox(old: OldOutbox, sent: readonly SentMessage[], options: RebuildOptions): RebuiltOutbox {
  const { now, retentionMs } = options;
  const lastUsed = Math.min(options.lastUsed, now);
  let quietUntil = old.complete ? lastUsed - retentionMs : lastUsed;
  const kept: OutputRecord[] = [];
  const attempts = new Map<string, number>();
  const done = new Set<string>();
  for (const { key, value, timestamp } of old.records) {
    if (key === null) continue;
    const quiet = parseQuiet(key, value);
    if (quiet !== null) {
      quietUntil = Math.max(quietUntil, quiet.until);
      continue;
    }
    kept.push({ key, value, timestamp });
    const { id, kind } = parseOutboxKey(key);
    const status = kind === 'status' && value !== null ? parseStatus(value, id) : null;
    attempts.set(id, Math.max(attempts.get(id) ?? 0, status?.attempt ?? 0));
    if (status !== null && status.state !== 'SENDING') done.add(id);
  }
  const ended = sent.filter(({ id, sentAt }) => !done.has(id) && sentAt > now - retentionMs);
  for (const { id, transportId, sentAt } of ended) {
    done.add(id);
    kept.push(statusRecord({ v: 1, id, state: 'SENT', attempt: attempts.get(id) ?? 1, transportId }, sentAt));
  }
  if (!old.complete) {
    for (const [id, attempt] of attempts) {
      if (done.has(id) || attempt > 0) continue;
      kept.push(statusRecord({ v: 1, id, state: 'SENDING', attempt: 1 }, now));
    }
  }
  return { records: [...kept, quietRecord(quietUntil, now)], quietUntil };
}
