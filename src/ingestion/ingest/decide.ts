import { isRetried } from '../checkpoint';
import { canRemove, canTrim, knownOf, needsRead, type KnownSource } from '../reconcile';
import { sourceId, type SourceId } from '../source-id';
import { endListing, interruptListing, newListing, requestListing, type Listing, type ListingStep } from './listing';
import type { IdleReport, IngestAction, IngestDecision, IngestEvent, IngestRules, IngestState } from './protocol';
import { WorkQueue } from './work-queue';

/**
 * Which sources are read, and when. Signals say that an object has arrived; a listing of the bucket finds what no signal
 * named, which objects were deleted, and which checkpoints can be trimmed (`signals-are-hints`).
 */

/** How often failed readings are checked for those that are due. */
const RETRY_TICK_MS = 5_000;

/** How many sources are cleaned up in one transaction. */
const MAX_CLEAN_UP = 1_000;

/** A new state, in which the first listing runs. */
export function initialIngest(known: Map<string, KnownSource>): IngestState {
  return {
    queue: new WorkQueue(),
    known,
    unseen: new Set(known.keys()),
    listing: newListing,
    draining: false,
    listedUnread: null,
    retryScheduled: false,
  };
}

/** @param now epoch milliseconds */
export function decide(state: IngestState, event: IngestEvent, rules: IngestRules, now: number): IngestAction[] {
  const actions = handle(state, event, rules, now);
  if (state.draining) return actions;
  const reads = state.queue.take(rules.concurrency).map((task): IngestAction => ({ type: 'read', task }));
  return [...actions, ...reads, ...barrierOf(state)];
}

function barrierOf(state: IngestState): IngestAction[] {
  if (state.listedUnread?.size !== 0) return [];
  state.listedUnread = null;
  return [{ type: 'barrier', complete: !state.queue.hasRetries }];
}

/** True when nothing is listed, waits or is being read. */
export function isIdle({ listing, queue }: IngestState): boolean {
  return !listing.running && queue.isEmpty;
}

/** @param prefix of the keys that are listed */
export function idleReport({ queue, listing }: IngestState, prefix: string): IdleReport {
  const notListed = listing.failed === null ? [] : [{ key: `${prefix}*`, reason: listing.failed }];
  return { type: 'idle', failed: [...queue.failures, ...notListed] };
}

function handle(state: IngestState, event: IngestEvent, rules: IngestRules, now: number): IngestAction[] {
  switch (event.type) {
    case 'arrived':
      if (rules.includes(event.key)) state.queue.add(event.key);
      return [];
    case 'reingestRequested':
      if (rules.includes(event.key)) state.queue.add(event.key, { restart: { count: event.count, after: null } });
      return [];
    case 'listingRequested':
      return state.draining ? [] : moveListing(state, requestListing(state.listing));
    case 'listed':
      return onListed(state, event.objects, rules, now);
    case 'listingCompleted':
      addMissing(state, rules, now);
      state.listedUnread = new Set(state.queue.keys());
      return [...cleanUp(state, rules, now), ...finishListing(state, null)];
    case 'listingInterrupted':
      return onInterrupted(state, event);
    case 'retryDue':
      state.retryScheduled = false;
      state.queue.retry(now);
      return scheduleRetry(state);
    case 'readFinished':
      return onReadFinished(state, event, rules, now);
    case 'drainRequested':
      state.draining = true;
      state.queue.clear();
      return [];
  }
}

function onListed(
  state: IngestState,
  objects: Extract<IngestEvent, { type: 'listed' }>['objects'],
  rules: IngestRules,
  now: number,
): IngestAction[] {
  const skipped = { excluded: [] as string[], 'before-since': [] as string[] };
  for (const { key, ...object } of objects) {
    state.unseen.delete(key);
    if (!rules.includes(key)) {
      skipped.excluded.push(key);
      continue;
    }
    const known = state.known.get(key);
    const { ms, older } = rules.since;
    const isOld = known === undefined && object.lastModified < ms;
    if (isOld && older === 'ignored') skipped['before-since'].push(key);
    const isNew = known === undefined ? !isOld || older === 'skipped' : false;
    const isChanged = known !== undefined && needsRead(known, object, now - rules.forceFlushAfterMs);
    // A failed reading may have committed more than this state knows: only another reading shows that.
    const isWanted = isNew || isChanged || state.queue.hasFailed(key);
    if (!isWanted || !state.queue.mayRead(key, object.etag, now)) continue;
    // Only the listed part is skipped: bytes appended before the object is read count.
    state.queue.add(key, { skipUpTo: isOld && older === 'skipped' ? object : null });
  }
  return (['excluded', 'before-since'] as const).flatMap((reason) => {
    const [first, ...others] = skipped[reason];
    if (first === undefined) return [];
    const decision = { decision: 'objectSkipped', reason, amount: 1 + others.length, first } as const;
    return [{ type: 'trace', decision } as const];
  });
}

/** Sources that were read before and that the listing does not name: deleted. Their next reading records that. */
function addMissing(state: IngestState, { includes }: IngestRules, now: number): void {
  for (const key of state.unseen) {
    const isMissing = state.known.get(key)?.ended === null || state.queue.hasFailed(key);
    if (isMissing && includes(key) && state.queue.mayRead(key, null, now)) state.queue.add(key);
  }
}

function cleanUp(state: IngestState, { bucket, retentionMs }: IngestRules, now: number): IngestAction[] {
  const trim: SourceId[] = [];
  const remove: SourceId[] = [];
  for (const [key, known] of state.known) {
    if (state.queue.has(key) || state.queue.hasFailed(key)) continue;
    if (canRemove(known, now, retentionMs) && state.unseen.has(key)) {
      remove.push(sourceId(bucket, key));
      state.known.delete(key);
    } else if (canTrim(known, now)) {
      trim.push(sourceId(bucket, key));
      state.known.set(key, { ...known, trimmed: true });
    }
  }
  const actions: IngestAction[] = [];
  while (trim.length + remove.length > 0) {
    const some = trim.splice(0, MAX_CLEAN_UP);
    actions.push({ type: 'cleanUp', trim: some, remove: remove.splice(0, MAX_CLEAN_UP - some.length) });
  }
  return actions;
}

function onInterrupted(
  state: IngestState,
  { after, reason }: Extract<IngestEvent, { type: 'listingInterrupted' }>,
): IngestAction[] {
  const decided = interruptListing(state.listing, after, reason);
  const isContinued = !state.draining && decided[1].next === 'continue';
  const decision: IngestDecision = {
    ...{ decision: 'listingInterrupted', reason: isContinued ? 'continued' : 'given-up' },
    ...{ after, detail: reason },
  };
  return [
    { type: 'trace', decision },
    ...(state.draining ? finishListing(state, reason) : moveListing(state, decided)),
  ];
}

function finishListing(state: IngestState, failed: string | null): IngestAction[] {
  const listing = state.draining ? { ...state.listing, requestedAgain: false } : state.listing;
  return moveListing(state, endListing(listing, failed));
}

function moveListing(state: IngestState, [listing, step]: readonly [Listing, ListingStep]): IngestAction[] {
  state.listing = listing;
  switch (step.next) {
    case 'wait':
      return [];
    case 'start':
      state.unseen = new Set([...state.known.keys(), ...state.queue.failedKeys]);
      return [{ type: 'list', after: '', pauseMs: 0 }];
    case 'continue':
      return [{ type: 'list', after: step.after, pauseMs: step.pauseMs }];
    case 'end':
      state.unseen.clear();
      return [];
  }
}

function onReadFinished(
  state: IngestState,
  { key, outcome }: Extract<IngestEvent, { type: 'readFinished' }>,
  { bucket }: IngestRules,
  now: number,
): IngestAction[] {
  const { queue } = state;
  const traces: IngestAction[] = [];
  switch (outcome.kind) {
    case 'failed': {
      const { restart, reason: detail } = outcome;
      const decision = { decision: 'readRetried', reason: 'failed', source: sourceId(bucket, key), detail } as const;
      traces.push({ type: 'trace', decision });
      queue.failedForNow({ key, restart }, detail, now);
      break;
    }
    case 'refused':
      // The publisher has reported it; every signal for the source would report it again.
      queue.failedPermanently(key, outcome.reason);
      break;
    case 'read': {
      const { checkpoint, restart } = outcome;
      if (checkpoint !== null) state.known.set(key, knownOf(checkpoint));
      // A deleted object has nothing to read or report.
      const quarantine = checkpoint?.ended === null ? checkpoint.quarantine : null;
      if (quarantine === null) queue.succeeded(key);
      else {
        const { reason, etag } = quarantine;
        const why = `in quarantine: ${reason}`;
        if (!isRetried(reason)) queue.failedPermanently(key, why);
        else queue.failedForNow({ key, restart }, why, now, { etag, isRare: reason !== 'denied' });
      }
      if (restart !== null && (quarantine === null || !isRetried(quarantine.reason))) queue.add(key, { restart });
    }
  }
  queue.done(key);
  state.listedUnread?.delete(key);
  state.unseen.delete(key);
  return [...traces, ...scheduleRetry(state)];
}

function scheduleRetry(state: IngestState): IngestAction[] {
  if (state.retryScheduled || !state.queue.hasRetries) return [];
  state.retryScheduled = true;
  return [{ type: 'scheduleRetry', pauseMs: RETRY_TICK_MS }];
}
