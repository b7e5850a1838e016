import type { Counters } from '../src/counters';
import { canForget, canSlim, differs, knownOf, type KnownSource, type ListedObject } from '../src/ingestion/reconcile';
import { sourceId } from '../src/ingestion/source-id';
import { ask, spawn, stop, tell, type ActorContext, type ActorRef, type ChildOptions } from '../src/kit';
import type { ObjectInfo } from '../src/ports/object-store';
import { LISTING_ATTEMPTS, listBucket, listingPause } from './listing';
import { logReader, type LogReaderOptions } from './log-reader';
import type { IngestMessage, ProducerMessage, ReadOutcome, Settled } from './protocol';
import { WorkList } from './work-list';

export interface IngestOptions extends Omit<LogReaderOptions, 'since'> {
  readonly counters: Counters;
  /** Only keys that begin with it are listed. */
  readonly prefix: string;
  /** Which keys count. */
  readonly includes: (key: string) => boolean;
  /** What counts of objects that were never read: everything, what comes from now on, or what is modified since a time. */
  readonly since: 'everything' | 'now' | { readonly ms: number };
  /** How many sources are read at a time. */
  readonly concurrency: number;
  /** How long topic `logs` keeps lines, in milliseconds: so long is remembered what was deleted. */
  readonly retentionMs: number;
}

interface State {
  readonly reading: LogReaderOptions;
  readonly work: WorkList;
  /** What was read last of each key: a reconciliation compares it with the listing. */
  readonly known: Map<string, KnownSource>;
  /** Keys that are known, or could not be read, and that the listing under way has not named yet. */
  unseen: Set<string>;
  listing: Listing;
  settling: ActorRef<Settled>[];
  draining: boolean;
  /** Is a `retry` on its way? */
  retrying: boolean;
  /** For the names of readers: keys are hostile, names are not. */
  spawned: number;
}

interface Listing {
  readonly running: boolean;
  /** Behind which key it broke off last, and how often it did so there. */
  readonly after: string;
  readonly attempts: number;
  /** Somebody asked for one while it ran, and may mean what it has passed already. */
  readonly again: boolean;
  /** Why the last one broke off for good. */
  readonly failed: string | null;
}

const newListing: Listing = { running: true, after: '', attempts: 0, again: false, failed: null };

const RETRY_TICK_MS = 5_000;

/** So many sources are tidied in one transaction. */
const TIDIED_AT_ONCE = 1_000;

/**
 * Decides what is read: one log-reader per source in work, a bounded number at a time. Hints of one source that come
 * together are one; a hint that comes while its source is in work makes it be looked at once more. Listing the bucket
 * finds what no hint named, what is there no more, and what may be remembered in short.
 */
export function ingest(options: IngestOptions): ChildOptions<IngestMessage, State, ProducerMessage> {
  return {
    name: 'ingest',
    deadlineMs: 120_000,
    onStop: (stopped) => stopped,
    initialState: async (context) => {
      const reading = await readingOptions(options);
      const { publisher, bucket } = options;
      const known = await ask(publisher, (replyTo) => ({ type: 'lookupAll', bucket, replyTo }), 60_000);
      listBucket(options, '', context);
      return {
        reading,
        work: new WorkList(),
        known,
        unseen: new Set(known.keys()),
        listing: newListing,
        settling: [],
        draining: false,
        retrying: false,
        spawned: 0,
      };
    },
    receive: async (state, message, context) => {
      switch (message.type) {
        case 'ingest':
          want(state, message.key, options);
          break;
        case 'reingest':
          if (options.includes(message.key)) {
            state.work.want(message.key, { restart: { count: message.count, after: null } });
          }
          break;
        case 'reconcile':
          if (!state.listing.running && !state.draining) startListing(state, options, context);
          else state.listing = { ...state.listing, again: true };
          break;
        case 'listed':
          for (const object of message.objects) noteListed(state, object, options);
          break;
        case 'listedAll':
          wantMissing(state, options);
          tidy(state, options);
          endListing(state, null, options, context);
          break;
        case 'listingFailed':
          listingFailed(state, message, options, context);
          break;
        case 'listOn':
          if (!state.draining) listBucket(options, message.after, context);
          break;
        case 'retry':
          state.retrying = false;
          state.work.retry(options.clock.now());
          retryLater(state, context);
          break;
        case 'readFinished':
          finished(state, message.key, message.outcome, options, context);
          break;
        case 'childStopped':
          // A reader has said how its reading ended.
          break;
        case 'settle':
          state.settling.push(message.replyTo);
          break;
        case 'drain':
          state.draining = true;
          await Promise.all(state.work.abandon().map((reader) => stop(reader)));
          tell(message.replyTo, { type: 'drained' });
          break;
      }
      if (!state.draining) startReaders(state, options, context);
      if (!state.listing.running && state.work.isEmpty) {
        for (const replyTo of state.settling.splice(0)) tell(replyTo, settledOf(state, options));
      }
      return state;
    },
  };
}

/**
 * What a `since` means for objects that were never read. With `now` those older than the first start are passed over as the
 * first listing names them. Nobody remembers what it named: after a restart what is still to be looked at is passed over
 * as it is then, and read from its first byte if it was put since. So it is where a hint comes before the listing does.
 * LastModified is in whole seconds: what was put in the very second of the first start is read, rather than passed over.
 */
async function readingOptions(options: IngestOptions): Promise<LogReaderOptions> {
  const { since, publisher, bucket } = options;
  if (since === 'everything') return { ...options, since: { ms: -Infinity, older: 'ignored' } };
  if (since !== 'now') return { ...options, since: { ms: since.ms, older: 'ignored' } };
  // The first start of all decides what is old.
  const ms = await ask(publisher, (replyTo) => ({ type: 'since', bucket, replyTo }), 60_000);
  return { ...options, since: { ms: Math.floor(ms / 1000) * 1000, older: 'passedOver' } };
}

function want(state: State, key: string, options: IngestOptions, passOver: ListedObject | null = null): void {
  if (options.includes(key)) state.work.want(key, { passOver });
}

function noteListed(state: State, object: ObjectInfo, options: IngestOptions): void {
  const { key, lastModified } = object;
  const now = options.clock.now();
  const known = state.known.get(key);
  const { ms, older } = state.reading.since;
  state.unseen.delete(key);
  const counts =
    known === undefined
      ? older === 'passedOver' || lastModified >= ms
      : differs(known, object, now - options.tailTimeoutMs);
  // A reading that failed may have committed more than is known here: only another one tells.
  const isToRead = counts || state.work.hasFailed(key);
  // Until a reader comes to look, more may have been appended to what was there: that counts.
  const passOver = known === undefined && older === 'passedOver' && lastModified < ms ? object : null;
  if (isToRead && state.work.mayRead(key, now)) want(state, key, options, passOver);
}

/** Read before, wholly or in part, and not in the listing: it was deleted, and whoever looks at it will see. */
function wantMissing(state: State, options: IngestOptions): void {
  const now = options.clock.now();
  for (const key of state.unseen) {
    const isToRead = state.known.get(key)?.ended === null || state.work.hasFailed(key);
    if (isToRead && state.work.mayRead(key, now)) want(state, key, options);
  }
}

function tidy(state: State, { bucket, clock, retentionMs, publisher }: IngestOptions): void {
  const now = clock.now();
  const slim: string[] = [];
  const forget: string[] = [];
  const flush = (atLeast: number): void => {
    if (slim.length + forget.length < atLeast) return;
    tell(publisher, { type: 'tidy', slim: slim.splice(0), forget: forget.splice(0) });
  };
  for (const [key, known] of state.known) {
    if (state.work.has(key) || state.work.hasFailed(key)) continue;
    if (canForget(known, now, retentionMs) && state.unseen.has(key)) {
      forget.push(sourceId(bucket, key));
      state.known.delete(key);
    } else if (canSlim(known, now)) {
      slim.push(sourceId(bucket, key));
      state.known.set(key, { ...known, slim: true });
    }
    flush(TIDIED_AT_ONCE);
  }
  flush(1);
}

function startListing(state: State, options: IngestOptions, context: ActorContext<IngestMessage>): void {
  state.listing = newListing;
  state.unseen = new Set([...state.known.keys(), ...state.work.failedKeys]);
  listBucket(options, '', context);
}

function endListing(
  state: State,
  failed: string | null,
  options: IngestOptions,
  context: ActorContext<IngestMessage>,
): void {
  const { again } = state.listing;
  state.listing = { ...state.listing, running: false, failed };
  state.unseen.clear();
  if (again && !state.draining) startListing(state, options, context);
}

/** A listing goes on where it broke off. */
function listingFailed(
  state: State,
  { after, error }: { readonly after: string; readonly error: unknown },
  options: IngestOptions,
  context: ActorContext<IngestMessage>,
): void {
  const attempts = after === state.listing.after ? state.listing.attempts + 1 : 1;
  state.listing = { ...state.listing, after, attempts };
  context.log.warn('listing the bucket broke off', { after, attempts, error });
  if (attempts < LISTING_ATTEMPTS && !state.draining) {
    context.scheduleOnce(listingPause(attempts), { type: 'listOn', after });
    return;
  }
  endListing(state, error instanceof Error ? error.message : String(error), options, context);
}

function startReaders(state: State, options: IngestOptions, context: ActorContext<IngestMessage>): void {
  state.work.start(options.concurrency, (task) => {
    const name = `reader-${++state.spawned}`;
    return spawn(context, logReader(name, task, state.reading, context.self));
  });
}

function finished(
  state: State,
  key: string,
  outcome: ReadOutcome,
  options: IngestOptions,
  context: ActorContext<IngestMessage>,
): void {
  const now = options.clock.now();
  switch (outcome.kind) {
    case 'failed':
      context.log.warn('reading failed', { key, reason: outcome.reason });
      state.work.failedForNow({ key, restart: outcome.restart }, outcome.reason, now);
      break;
    case 'refused':
      // The publisher has said so, loudly; every signal for it would say it again.
      state.work.failedForGood(key, outcome.reason);
      break;
    case 'read': {
      const { checkpoint, restart } = outcome;
      if (checkpoint !== null) state.known.set(key, knownOf(checkpoint));
      // Of what was deleted there is nothing to be read, nor to be told.
      const reason = checkpoint?.ended === null ? checkpoint.quarantine?.reason : undefined;
      if (reason === undefined) state.work.succeeded(key);
      else if (reason === 'denied') state.work.failedForNow({ key, restart }, 'in quarantine: denied', now);
      else state.work.failedForGood(key, `in quarantine: ${reason}`);
      if (restart !== null && reason !== 'denied') state.work.want(key, { restart });
    }
  }
  state.work.finished(key);
  state.unseen.delete(key);
  retryLater(state, context);
}

function retryLater(state: State, context: ActorContext<IngestMessage>): void {
  if (state.retrying || !state.work.hasRetries) return;
  state.retrying = true;
  context.scheduleOnce(RETRY_TICK_MS, { type: 'retry' });
}

function settledOf({ work, listing }: State, { prefix }: IngestOptions): Settled {
  const notListed = listing.failed === null ? [] : [{ key: `${prefix}*`, reason: listing.failed }];
  return { type: 'settled', failed: [...work.failures, ...notListed] };
}
