import { parseOutboxKey, parseStatus, type DeliveryStatus, type MessageFormat } from './outbox-records';
import { targetName } from './target';

/** Knowledge of a delivery about its outbox: which messages are not done yet, and how far each of their targets is. */
export interface KnownMessages {
  /** Messages with targets that are neither SENT nor FAILED, in the order of their records. */
  readonly open: Map<string, OpenMessage>;
  /** The timestamp of the last SENT or FAILED by id, oldest first. */
  readonly finished: Map<string, number>;
}

export interface OpenMessage {
  /** Decoded when it is sent: at a takeover most messages turn out to be done. Null while only a status was seen. */
  value: Buffer | null;
  /** Names of its targets; null until an owner has decided them. They never change: see `DeliveryStatus.targets`. */
  targets: readonly string[] | null;
  /** By the name of a target; under {@link ALL} that of all targets. */
  readonly progress: Map<string, Progress>;
}

export interface Progress {
  /** Attempts so far, of any owner. */
  attempts: number;
  /** End of another owner's lease, or of a back-off. */
  notBefore: number;
  /** SENT or FAILED. */
  done: boolean;
  /** Its last status is of another version, and may say SENT. */
  unreadable: boolean;
  /** Not sent by this owner, and reported as such. */
  left: boolean;
}

/** A record of the outbox, as the event log gave it. */
export interface ReadRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
}

/** The progress that `<id>/status` describes. */
export const ALL = '';

/** @param leaseEnd until when another owner may be sending a message that this record claims */
export function readRecord<M>(
  known: KnownMessages,
  { key, value, timestamp }: ReadRecord,
  { kind: messageKind }: MessageFormat<M>,
  leaseEnd: number,
): void {
  if (key === null || value === null) return;
  const parsed = parseOutboxKey(key);
  const { id, kind, target } = parsed;
  if (known.finished.has(id)) return;
  if (kind === messageKind) {
    // A copy: the record batch, which may be large, can go.
    openMessage(known, id).value = Buffer.from(value);
  } else if (kind === 'status') {
    const name = target === null ? ALL : targetName(target);
    const status = parseStatus(value, parsed);
    if (status === null) progressOf(openMessage(known, id), name).unreadable = true;
    else readStatus(known, { name, status, timestamp, leaseEnd });
  }
}

interface ReadStatus {
  readonly name: string;
  readonly status: DeliveryStatus;
  readonly timestamp: number;
  readonly leaseEnd: number;
}

function readStatus(known: KnownMessages, { name, status, timestamp, leaseEnd }: ReadStatus): void {
  const message = openMessage(known, status.id);
  message.targets ??= status.targets ?? (name === ALL ? null : [name]);
  const progress = progressOf(message, name);
  progress.unreadable = false;
  if (status.state !== 'SENDING') {
    finish(known, status.id, name, timestamp);
  } else if (!progress.done && status.attempt > progress.attempts) {
    // A record of its own that an owner reads back changes nothing.
    progress.attempts = status.attempt;
    progress.notBefore = leaseEnd;
  }
}

/** Notes that a target is SENT or FAILED. */
export function finish(known: KnownMessages, id: string, name: string, timestamp: number): void {
  const message = known.open.get(id);
  if (message === undefined) return;
  progressOf(message, name).done = true;
  const isDone = (target: string): boolean => message.progress.get(target)?.done ?? false;
  if (!isDone(ALL) && message.targets?.every(isDone) !== true) return;
  known.open.delete(id);
  known.finished.set(id, timestamp);
}

/** Bounds memory by the topic's retention: the next owner would not know older ids either. */
export function forgetFinished({ finished }: KnownMessages, before: number): void {
  for (const [id, timestamp] of finished) {
    if (timestamp >= before) return;
    finished.delete(id);
  }
}

/** The progress of a target. An attempt for all targets was one for each. */
export function progressOf(message: OpenMessage, name: string): Progress {
  const known = message.progress.get(name);
  if (known !== undefined) return known;
  const all = message.progress.get(ALL) ?? { attempts: 0, notBefore: 0 };
  const progress = { ...all, done: false, unreadable: false, left: false };
  message.progress.set(name, progress);
  return progress;
}

function openMessage({ open }: KnownMessages, id: string): OpenMessage {
  const known = open.get(id);
  if (known !== undefined) return known;
  const message = { value: null, targets: null, progress: new Map<string, Progress>() };
  open.set(id, message);
  return message;
}
