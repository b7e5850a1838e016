import type { OutputRecord } from './job';
import { parseOutboxKey, parseQuiet, parseStatus, quietRecord, statusRecord } from './outbox-records';
import { targetName } from './target';

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
  /** The name of the target whose transport remembers the messages that it sent. */
  readonly remembering: string;
}

export interface RebuiltOutbox {
  readonly records: readonly OutputRecord[];
  /** Jobs write no messages about times up to this, unless the outbox shows that they are new. */
  readonly quietUntil: number;
}

/** The records of a message that could be read, in short. */
interface Seen {
  /** Its targets; null when no record names them. */
  targets: readonly string[] | null;
  /** Attempts by target; under {@link ALL} those to all targets. */
  readonly attempts: Map<string, number>;
  readonly done: Set<string>;
}

/** Stands for all targets of a message. */
const ALL = '';

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
  const { now, retentionMs, remembering } = options;
  const lastUsed = Math.min(options.lastUsed, now);
  let quietUntil = old.complete ? lastUsed - retentionMs : lastUsed;
  const kept: OutputRecord[] = [];
  const messages = new Map<string, Seen>();
  for (const { key, value, timestamp } of old.records) {
    if (key === null) continue;
    const quiet = parseQuiet(key, value);
    if (quiet !== null) {
      quietUntil = Math.max(quietUntil, quiet.until);
      continue;
    }
    kept.push({ key, value, timestamp });
    see(messages, key, value);
  }
  for (const { id, transportId, sentAt } of sent) {
    if (sentAt <= now - retentionMs) continue;
    const seen = seenOf(messages, id);
    const target = seen.targets === null ? ALL : remembering;
    if (isDone(seen, target) || seen.targets?.includes(target) === false) continue;
    seen.done.add(target);
    kept.push(statusRecord({ ...statusOf(id, seen, target), state: 'SENT', transportId }, sentAt));
  }
  if (!old.complete) {
    for (const [id, seen] of messages) {
      for (const target of seen.targets ?? [ALL]) {
        if (isDone(seen, target) || attemptsOf(seen, target) > 0) continue;
        kept.push(statusRecord({ ...statusOf(id, seen, target), state: 'SENDING' }, now));
      }
    }
  }
  return { records: [...kept, quietRecord(quietUntil, now)], quietUntil };
}

function see(messages: Map<string, Seen>, key: Buffer, value: Buffer | null): void {
  const parsed = parseOutboxKey(key);
  const seen = seenOf(messages, parsed.id);
  const status = parsed.kind === 'status' && value !== null ? parseStatus(value, parsed) : null;
  if (status === null) return;
  const target = parsed.target === null ? ALL : targetName(parsed.target);
  seen.targets ??= status.targets ?? null;
  seen.attempts.set(target, Math.max(seen.attempts.get(target) ?? 0, status.attempt));
  if (status.state !== 'SENDING') seen.done.add(target);
}

function seenOf(messages: Map<string, Seen>, id: string): Seen {
  const known = messages.get(id);
  if (known !== undefined) return known;
  const seen: Seen = { targets: null, attempts: new Map(), done: new Set() };
  messages.set(id, seen);
  return seen;
}

function isDone({ done }: Seen, target: string): boolean {
  return done.has(ALL) || done.has(target);
}

function attemptsOf({ attempts }: Seen, target: string): number {
  return Math.max(attempts.get(ALL) ?? 0, attempts.get(target) ?? 0);
}

function statusOf(
  id: string,
  seen: Seen,
  target: string,
): Pick<Parameters<typeof statusRecord>[0], 'v' | 'id' | 'target' | 'targets' | 'attempt'> {
  const attempt = Math.max(1, attemptsOf(seen, target));
  return target === ALL ? { v: 1, id, attempt } : { v: 1, id, target, targets: seen.targets ?? [target], attempt };
}
