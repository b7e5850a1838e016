import type { OutputRecord } from './job';
import { parseOutboxKey, parseStatus, statusRecord, type DeliveryStatus, type MessageFormat } from './outbox-records';

/**
 * Delivers the messages of an outbox, one at a time: a pure decision that `actors/delivery.ts` carries out.
 *
 * For each message it commits SENDING, sends, and commits SENT or FAILED (refused). It promises, whenever and wherever
 * its owner is killed or replaced (`at-most-one-repeat`):
 *
 * - No message is lost: one that is neither SENT nor FAILED is sent by the owner or its successor.
 * - Each crash or takeover repeats at most one message: the one that was being sent. Its repeat is marked.
 * - A message is never sent again once its SENT or FAILED is known, even if its job writes it again.
 * - A message that fails is tried again after 1 s, 2 s, 4 s … 5 min. Meanwhile the others are sent.
 *
 * Time is data: the clock of the owner, epoch milliseconds. A lease runs from when this owner first saw it, so that the
 * clocks of hosts need not agree. The state changes in place (docs/adr/0003).
 */
export function decide<M>(state: DeliveryState<M>, event: DeliveryEvent): readonly Effect<M>[] {
  const { now } = event;
  const effects: Effect<M>[] = [];
  switch (event.type) {
    case 'read':
      for (const record of event.records) readRecord(state, record, now);
      state.position = event.next;
      break;
    case 'restored':
      if (state.phase === 'restoring') state.phase = 'running';
      state.position = event.next;
      break;
    case 'woken':
      break;
    case 'committed':
      effects.push(...afterCommit(state, now));
      break;
    case 'sent':
      if (!isSending(state, event)) break;
      effects.push(record(state, { ...event.attempt, state: 'SENT', transportId: event.transportId }, now));
      break;
    case 'refused':
      if (!isSending(state, event)) break;
      effects.push(record(state, { ...event.attempt, state: 'FAILED', reason: event.reason }, now));
      break;
    case 'failed':
      if (!isSending(state, event)) break;
      effects.push(backOff(state, event, now));
      break;
    case 'finish':
      state.finishAt = event.end;
      break;
    case 'drain':
      state.phase = 'draining';
      break;
  }
  if (state.phase !== 'restoring') forgetOld(state, now);
  return [...effects, ...next(state, now)];
}

export type DeliveryEvent = { readonly now: number } & (
  | { readonly type: 'read'; readonly records: readonly ReadRecord[]; readonly next: number }
  /** Everything was read that the outbox held when this owner fenced its predecessors. */
  | { readonly type: 'restored'; readonly next: number }
  /** The time of a `wake` has come. */
  | { readonly type: 'woken' }
  /** The record of the last `write` is committed. */
  | { readonly type: 'committed' }
  /** How the last `send` ended: delivered; refused permanently; failed, or its outcome is unknown. */
  | { readonly type: 'sent'; readonly attempt: Attempt; readonly transportId: string }
  | { readonly type: 'refused'; readonly attempt: Attempt; readonly reason: string }
  | { readonly type: 'failed'; readonly attempt: Attempt; readonly error: unknown }
  /** Asks for `finished`: everything below this offset is read, and no message is left to send. */
  | { readonly type: 'finish'; readonly end: number }
  /** Asks for `drained`: the message that is being sent is recorded. No other one begins. */
  | { readonly type: 'drain' }
);

/** A record of the outbox, as the event log gave it. */
export interface ReadRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
}

export type Effect<M> =
  /** Commit this record. If that fails, or its outcome is unknown, start over as a new owner. */
  | { readonly type: 'write'; readonly record: OutputRecord }
  | { readonly type: 'send'; readonly attempt: Attempt; readonly message: M; readonly possibleRepeat: boolean }
  /** Report `woken` after this time; replaces the last `wake`. */
  | { readonly type: 'wake'; readonly inMs: number }
  | Outcome
  | { readonly type: 'finished' }
  | { readonly type: 'drained' };

/** For log and counters. */
export type Outcome = { readonly type: 'outcome'; readonly attempt: Attempt } & (
  | { readonly outcome: 'sent'; readonly transportId: string }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'failed'; readonly error: unknown; readonly retryInMs: number }
  /**
   * This version does not understand the message or its status, which may say that it was sent. It leaves the message to
   * another version.
   */
  | { readonly outcome: 'unreadable'; readonly what: 'message' | 'status' }
);

export interface Attempt {
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
}

export interface DeliveryState<M> {
  readonly options: DeliveryOptions<M>;
  phase: 'restoring' | 'running' | 'draining' | 'drained';
  /** Messages that are neither SENT nor FAILED, in the order of their records. */
  readonly pending: Map<string, Pending>;
  /** The timestamp of SENT or FAILED by id, oldest first. */
  readonly done: Map<string, number>;
  step: Step<M>;
  /** Next offset of the outbox to read. */
  position: number;
  finishAt: number | null;
}

export interface DeliveryOptions<M> {
  readonly format: MessageFormat<M>;
  /** How long the topic keeps records. This state forgets ids when the topic does. */
  readonly retentionMs: number;
}

interface Pending {
  /** Decoded when it is sent: at a takeover most messages turn out to be done. Null while only a status was seen. */
  value: Buffer | null;
  /** Attempts so far, of any owner. */
  attempts: number;
  /** End of another owner's lease, or of a back-off. */
  notBefore: number;
  statusUnreadable: boolean;
}

/** The message in progress. */
type Step<M> =
  | { readonly type: 'none' }
  | { readonly type: 'claiming'; readonly attempt: Attempt; readonly message: M }
  | { readonly type: 'sending'; readonly attempt: Attempt }
  | { readonly type: 'recording'; readonly status: DeliveryStatus };

/** A `send` must end within half of this: see `src/ports/delivery.ts`. */
export const LEASE_MS = 2 * 60 * 1000;
const FIRST_BACK_OFF_MS = 1000;
const LONGEST_BACK_OFF_MS = 5 * 60 * 1000;
const NO_STEP = { type: 'none' } as const;

/** A new owner, which knows nothing: it reads the outbox from its start. */
export function openDelivery<M>(options: DeliveryOptions<M>): DeliveryState<M> {
  return {
    options,
    phase: 'restoring',
    pending: new Map(),
    done: new Map(),
    step: NO_STEP,
    position: 0,
    finishAt: null,
  };
}

function readRecord<M>(state: DeliveryState<M>, { key, value, timestamp }: ReadRecord, now: number): void {
  if (key === null || value === null) return;
  const { id, kind } = parseOutboxKey(key);
  if (kind === state.options.format.kind) {
    // A copy: the record batch, which may be large, can go.
    if (!state.done.has(id)) pendingOf(state, id).value = Buffer.from(value);
  } else if (kind === 'status') {
    const status = parseStatus(value, id);
    if (status !== null) readStatus(state, status, timestamp, now);
    else if (!state.done.has(id)) pendingOf(state, id).statusUnreadable = true;
  }
}

function readStatus<M>(state: DeliveryState<M>, status: DeliveryStatus, timestamp: number, now: number): void {
  if (status.state !== 'SENDING') {
    finish(state, status.id, timestamp);
  } else if (!state.done.has(status.id)) {
    const pending = pendingOf(state, status.id);
    pending.statusUnreadable = false;
    // A record of its own that it reads back changes nothing.
    if (status.attempt <= pending.attempts) return;
    pending.attempts = status.attempt;
    // At a takeover the owner of the lease is fenced; later, another owner may be sending.
    pending.notBefore = state.phase === 'restoring' ? now : now + LEASE_MS;
  }
}

function afterCommit<M>(state: DeliveryState<M>, now: number): readonly Effect<M>[] {
  const { step } = state;
  if (step.type === 'claiming') {
    const { attempt, message } = step;
    state.step = { type: 'sending', attempt };
    return [{ type: 'send', attempt, message, possibleRepeat: attempt.attempt > 1 }];
  }
  if (step.type === 'recording') {
    const { id, state: end, transportId = '', reason = '' } = step.status;
    const attempt = { id, attempt: step.status.attempt };
    state.step = NO_STEP;
    finish(state, id, now);
    if (end === 'SENT') return [{ type: 'outcome', outcome: 'sent', attempt, transportId }];
    return [{ type: 'outcome', outcome: 'refused', attempt, reason }];
  }
  return [];
}

/** False for a late answer to an attempt that was given up. */
function isSending<M>({ step }: DeliveryState<M>, { attempt }: { readonly attempt: Attempt }): boolean {
  return step.type === 'sending' && step.attempt.id === attempt.id && step.attempt.attempt === attempt.attempt;
}

function record<M>(state: DeliveryState<M>, status: Omit<DeliveryStatus, 'v'>, now: number): Effect<M> {
  const { id, state: end, attempt, ...detail } = status;
  const value: DeliveryStatus = { v: 1, id, state: end, attempt, ...detail };
  state.step = { type: 'recording', status: value };
  return { type: 'write', record: statusRecord(value, now) };
}

type Failed = Extract<DeliveryEvent, { type: 'failed' }>;

function backOff<M>(state: DeliveryState<M>, { attempt, error }: Failed, now: number): Effect<M> {
  const retryInMs = Math.min(FIRST_BACK_OFF_MS * 2 ** (attempt.attempt - 1), LONGEST_BACK_OFF_MS);
  pendingOf(state, attempt.id).notBefore = now + retryInMs;
  state.step = NO_STEP;
  return { type: 'outcome', outcome: 'failed', attempt, error, retryInMs };
}

/** Begins the next message that is due, or answers `finish` or `drain` when none is left to wait for. */
function next<M>(state: DeliveryState<M>, now: number): readonly Effect<M>[] {
  if (state.step.type !== 'none') return [];
  if (state.phase === 'draining') {
    state.phase = 'drained';
    return [{ type: 'drained' }];
  }
  return state.phase === 'running' ? begin(state, now) : [];
}

function begin<M>(state: DeliveryState<M>, now: number): readonly Effect<M>[] {
  const unreadable: Effect<M>[] = [];
  let wakeAt: number | null = null;
  for (const [id, pending] of state.pending) {
    if (pending.value === null) continue;
    // The clock may have gone back: no wait is longer.
    pending.notBefore = Math.min(pending.notBefore, now + LONGEST_BACK_OFF_MS);
    if (pending.notBefore > now) {
      wakeAt = Math.min(pending.notBefore, wakeAt ?? pending.notBefore);
      continue;
    }
    const message = pending.statusUnreadable ? null : state.options.format.decode(pending.value, id);
    if (message !== null) return [...unreadable, claim(state, { id, pending, message }, now)];
    pending.value = null;
    const what = pending.statusUnreadable ? 'status' : 'message';
    unreadable.push({ type: 'outcome', outcome: 'unreadable', what, attempt: { id, attempt: pending.attempts } });
  }
  if (wakeAt !== null) return [...unreadable, { type: 'wake', inMs: wakeAt - now }];
  if (state.finishAt === null || state.position < state.finishAt) return unreadable;
  state.finishAt = null;
  return [...unreadable, { type: 'finished' }];
}

interface Claimed<M> {
  readonly id: string;
  readonly pending: Pending;
  readonly message: M;
}

function claim<M>(state: DeliveryState<M>, { id, pending, message }: Claimed<M>, now: number): Effect<M> {
  pending.attempts += 1;
  pending.notBefore = now + LEASE_MS;
  const attempt = { id, attempt: pending.attempts };
  state.step = { type: 'claiming', attempt, message };
  return { type: 'write', record: statusRecord({ v: 1, id, state: 'SENDING', attempt: pending.attempts }, now) };
}

function finish<M>(state: DeliveryState<M>, id: string, timestamp: number): void {
  state.pending.delete(id);
  if (!state.done.has(id)) state.done.set(id, timestamp);
}

/** Bounds memory by the topic's retention: the next owner would not know older ids either. */
function forgetOld<M>({ done, options }: DeliveryState<M>, now: number): void {
  for (const [id, timestamp] of done) {
    if (timestamp >= now - options.retentionMs) return;
    done.delete(id);
  }
}

function pendingOf<M>(state: DeliveryState<M>, id: string): Pending {
  const known = state.pending.get(id);
  if (known !== undefined) return known;
  const pending = { value: null, attempts: 0, notBefore: 0, statusUnreadable: false };
  state.pending.set(id, pending);
  return pending;
}
