import type { Attempt, DeliveryEvent, Effect } from './delivery-events';
import {
  ALL,
  finish,
  forgetFinished,
  progressOf,
  readRecord,
  type KnownMessages,
  type OpenMessage,
} from './known-messages';
import { statusRecord, type DeliveryStatus, type MessageFormat } from './outbox-records';
import { targetName, targetNamed, type Target } from './target';

/**
 * Delivers the messages of an outbox to their receivers: a pure decision that `actors/delivery.ts` carries out.
 *
 * Each receiver has a lane of its own: one that is down, slow or refuses delays no other. A lane sends one message at a time,
 * to one target. For each it commits SENDING, sends, and commits SENT or FAILED (refused). It promises, whenever and wherever
 * its owner is killed or replaced (`at-most-one-repeat`):
 *
 * - No message is lost: a target that is neither SENT nor FAILED is sent to by the owner or its successor.
 * - Each crash or takeover repeats at most one message for each receiver: the one that was being sent. Its repeat is marked.
 * - A message is never sent again to a target whose SENT or FAILED is known, even if its job writes it again.
 * - The targets of a message are those of the time when it was taken up. A receiver that is configured later gets no old ones.
 * - A message that fails is tried again after 1 s, 2 s, 4 s … 5 min. Meanwhile the others are sent. While all fail, the lane
 *   tries one at a time, at least every minute.
 *
 * Time is data: the clock of the owner, epoch milliseconds. A lease runs from when this owner first saw it, so that the
 * clocks of hosts need not agree. The state changes in place (docs/adr/0003).
 */
export function decide<M>(state: DeliveryState<M>, event: DeliveryEvent): readonly Effect<M>[] {
  const { now } = event;
  const effects: Effect<M>[] = [];
  switch (event.type) {
    case 'read': {
      // At a takeover the owner of a lease is fenced; later, another owner may be sending.
      const leaseEnd = state.phase === 'restoring' ? now : now + LEASE_MS;
      for (const record of event.records) readRecord(state.known, record, state.options.format, leaseEnd);
      state.position = event.next;
      break;
    }
    case 'restored':
      if (state.phase === 'restoring') state.phase = 'running';
      state.position = event.next;
      break;
    case 'woken':
      break;
    case 'committed':
      effects.push(...afterCommit(state, laneOf(state, event.receiver), now));
      break;
    case 'sent':
      effects.push(...record(state, event, { state: 'SENT', transportId: event.transportId }));
      break;
    case 'refused':
      effects.push(...record(state, event, { state: 'FAILED', reason: event.reason }));
      break;
    case 'failed':
      if (event.attempt.attempt < state.options.maxAttempts) effects.push(...backOff(state, event));
      else effects.push(...record(state, event, { state: 'FAILED', reason: `gave up: ${messageOf(event.error)}` }));
      break;
    case 'finish':
      state.finishAt = event.end;
      break;
    case 'drain':
      state.phase = 'draining';
      break;
  }
  if (state.phase !== 'restoring') forgetFinished(state.known, now - state.options.retentionMs);
  return [...effects, ...next(state, now)];
}

export interface DeliveryState<M> {
  readonly options: DeliveryOptions<M>;
  phase: 'restoring' | 'running' | 'draining' | 'drained';
  readonly known: KnownMessages;
  /** By the name of a receiver. */
  readonly lanes: Map<string, Lane<M>>;
  /** Next offset of the outbox to read. */
  position: number;
  finishAt: number | null;
}

export interface DeliveryOptions<M> {
  readonly format: MessageFormat<M>;
  /** How long the topic keeps records. This state forgets ids when the topic does. */
  readonly retentionMs: number;
  /** Where a message goes that no owner has taken up: at least one target. */
  readonly targetsOf: (message: M) => readonly Target[];
  /** True when messages can be sent to this target. */
  readonly isConfigured: (target: Target) => boolean;
  /** A message that fails so often counts as refused. */
  readonly maxAttempts: number;
}

interface Lane<M> {
  step: Step<M>;
  /** Attempts that failed since one succeeded. */
  failures: number;
  /** The receiver takes nothing before. */
  notBefore: number;
}

/** The message in progress. */
type Step<M> =
  | { readonly type: 'none' }
  | { readonly type: 'claiming'; readonly attempt: Attempt; readonly message: M }
  | { readonly type: 'sending'; readonly attempt: Attempt }
  | { readonly type: 'recording'; readonly attempt: Attempt; readonly status: End };

type End = Pick<DeliveryStatus, 'transportId' | 'reason'> & { readonly state: 'SENT' | 'FAILED' };

/** A `send` must end within half of this: see `src/ports/delivery.ts`. */
export const LEASE_MS = 2 * 60 * 1000;
const FIRST_BACK_OFF_MS = 1000;
const LONGEST_BACK_OFF_MS = 5 * 60 * 1000;
/** A receiver that answers again is found out within this time. */
const LONGEST_PAUSE_MS = 60 * 1000;
/** A receiver cannot ask for more. */
const LONGEST_RETRY_AFTER_MS = 60 * 60 * 1000;
const NO_STEP = { type: 'none' } as const;

/** A new owner, which knows nothing: it reads the outbox from its start. */
export function openDelivery<M>(options: DeliveryOptions<M>): DeliveryState<M> {
  return {
    options,
    phase: 'restoring',
    known: { open: new Map(), finished: new Map() },
    lanes: new Map(),
    position: 0,
    finishAt: null,
  };
}

function afterCommit<M>(state: DeliveryState<M>, lane: Lane<M>, now: number): readonly Effect<M>[] {
  const { step } = lane;
  if (step.type === 'claiming') {
    const { attempt, message } = step;
    lane.step = { type: 'sending', attempt };
    return [{ type: 'send', attempt, message, possibleRepeat: attempt.attempt > 1 }];
  }
  if (step.type !== 'recording') return [];
  const { attempt, status } = step;
  lane.step = NO_STEP;
  finish(state.known, attempt.id, targetName(attempt.target), now);
  const { transportId = '', reason = '' } = status;
  if (status.state === 'SENT') return [{ type: 'outcome', outcome: 'sent', ...attempt, transportId }];
  return [{ type: 'outcome', outcome: 'refused', ...attempt, reason }];
}

/** Null for a late answer to an attempt that was given up. */
function sendingLane<M>(state: DeliveryState<M>, { id, target, attempt }: Attempt): Lane<M> | null {
  const lane = laneOf(state, target.receiver);
  if (lane.step.type !== 'sending') return null;
  const sending = lane.step.attempt;
  const isSame = sending.id === id && sending.attempt === attempt && targetName(sending.target) === targetName(target);
  return isSame ? lane : null;
}

type Answered = Extract<DeliveryEvent, { readonly attempt: Attempt }>;

function record<M>(state: DeliveryState<M>, { attempt, now }: Answered, status: End): readonly Effect<M>[] {
  const lane = sendingLane(state, attempt);
  if (lane === null) return [];
  // A receiver that refuses a message works.
  lane.failures = 0;
  lane.step = { type: 'recording', attempt, status };
  return [writeStatus(state, attempt, status, now)];
}

function writeStatus<M>(
  { known }: DeliveryState<M>,
  { id, target, attempt }: Attempt,
  { state, ...detail }: End | { readonly state: 'SENDING' },
  now: number,
): Effect<M> {
  const targets = known.open.get(id)?.targets ?? [];
  const status: DeliveryStatus = { v: 1, id, target: targetName(target), targets, state, attempt, ...detail };
  return { type: 'write', receiver: target.receiver, record: statusRecord(status, now) };
}

function backOff<M>(
  state: DeliveryState<M>,
  { attempt, error, retryAfterMs = 0, now }: Extract<DeliveryEvent, { type: 'failed' }>,
): readonly Effect<M>[] {
  const lane = sendingLane(state, attempt);
  const message = state.known.open.get(attempt.id);
  if (lane === null || message === undefined) return [];
  const asked = Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS);
  const backOffMs = doubled(FIRST_BACK_OFF_MS, attempt.attempt, LONGEST_BACK_OFF_MS);
  progressOf(message, targetName(attempt.target)).notBefore = now + backOffMs;
  lane.step = NO_STEP;
  lane.failures += 1;
  // One message that always fails must not delay the others: only after a second failure in a row the lane pauses.
  const pause = lane.failures < 2 ? 0 : doubled(FIRST_BACK_OFF_MS, lane.failures - 1, LONGEST_PAUSE_MS);
  lane.notBefore = now + Math.max(asked, pause);
  return [{ type: 'outcome', outcome: 'failed', ...attempt, error, retryInMs: Math.max(asked, backOffMs) }];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function doubled(first: number, times: number, longest: number): number {
  return Math.min(first * 2 ** (times - 1), longest);
}

/** Begins the messages that are due, or answers `finish` or `drain` when none is left to wait for. */
function next<M>(state: DeliveryState<M>, now: number): readonly Effect<M>[] {
  if (state.phase === 'running') return begin(state, now);
  if (state.phase !== 'draining' || !isIdle(state)) return [];
  state.phase = 'drained';
  return [{ type: 'drained' }];
}

function isIdle<M>({ lanes }: DeliveryState<M>): boolean {
  return [...lanes.values()].every(({ step }) => step.type === 'none');
}

function begin<M>(state: DeliveryState<M>, now: number): readonly Effect<M>[] {
  const effects: Effect<M>[] = [];
  let wakeAt = Infinity;
  for (const [id, message] of state.known.open) {
    for (const target of targetsOf(state, id, message, effects)) {
      const progress = progressOf(message, targetName(target));
      const lane = laneOf(state, target.receiver);
      if (progress.done || progress.left || lane.step.type !== 'none') continue;
      // The clock may have gone back: no wait is longer.
      progress.notBefore = Math.min(progress.notBefore, now + LONGEST_BACK_OFF_MS);
      lane.notBefore = Math.min(lane.notBefore, now + LONGEST_RETRY_AFTER_MS);
      const dueAt = Math.max(progress.notBefore, lane.notBefore);
      if (dueAt > now) wakeAt = Math.min(wakeAt, dueAt);
      else effects.push(claim(state, { id, target, message }, now));
    }
  }
  if (wakeAt < Infinity) effects.push({ type: 'wake', inMs: wakeAt - now });
  else if (state.finishAt !== null && state.position >= state.finishAt && isIdle(state)) {
    state.finishAt = null;
    effects.push({ type: 'finished' });
  }
  return effects;
}

/** The targets of a message that this owner may send to. Adds an outcome for a message that it leaves alone. */
function targetsOf<M>(
  { options }: DeliveryState<M>,
  id: string,
  message: OpenMessage,
  effects: Effect<M>[],
): readonly Target[] {
  if (message.value === null) return [];
  const attempt = message.progress.get(ALL)?.attempts ?? 0;
  const left = (what: 'message' | 'status'): readonly Target[] => {
    message.value = null;
    effects.push({ type: 'outcome', outcome: 'unreadable', what, id, target: null, attempt });
    return [];
  };
  if (message.progress.get(ALL)?.unreadable === true) return left('status');
  if (message.targets === null) {
    const decoded = options.format.decode(message.value, id);
    if (decoded === null) return left('message');
    message.targets = options.targetsOf(decoded).map(targetName);
  }
  return message.targets.map(targetNamed);
}

interface Claimed {
  readonly id: string;
  readonly target: Target;
  readonly message: OpenMessage;
}

function claim<M>(state: DeliveryState<M>, { id, target, message }: Claimed, now: number): Effect<M> {
  const progress = progressOf(message, targetName(target));
  const leave = (outcome: { readonly outcome: 'unconfigured' } | Unreadable): Effect<M> => {
    progress.left = true;
    return { type: 'outcome', id, target, attempt: progress.attempts, ...outcome };
  };
  if (progress.unreadable) return leave({ outcome: 'unreadable', what: 'status' });
  if (!state.options.isConfigured(target)) return leave({ outcome: 'unconfigured' });
  const decoded = message.value === null ? null : state.options.format.decode(message.value, id);
  if (decoded === null) return leave({ outcome: 'unreadable', what: 'message' });
  progress.attempts += 1;
  progress.notBefore = now + LEASE_MS;
  const attempt = { id, target, attempt: progress.attempts };
  laneOf(state, target.receiver).step = { type: 'claiming', attempt, message: decoded };
  return writeStatus(state, attempt, { state: 'SENDING' }, now);
}

interface Unreadable {
  readonly outcome: 'unreadable';
  readonly what: 'message' | 'status';
}

function laneOf<M>({ lanes }: DeliveryState<M>, receiver: string): Lane<M> {
  const known = lanes.get(receiver);
  if (known !== undefined) return known;
  const lane: Lane<M> = { step: NO_STEP, failures: 0, notBefore: 0 };
  lanes.set(receiver, lane);
  return lane;
}
