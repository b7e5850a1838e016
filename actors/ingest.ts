import type { Counters } from '../src/counters';
import * as ingesting from '../src/ingestion/ingest/decide';
import type { IdleReport, IngestAction, IngestEvent, IngestRules, IngestState } from '../src/ingestion/ingest/protocol';
import type { ReadTask } from '../src/ingestion/ingest/work-queue';
import type { Since } from '../src/ingestion/versions';
import { ask, stop, tell, type ActorContext, type ActorRef, type ChildOptions } from '../src/kit';
import type { Clock } from '../src/ports/clock';
import type { ObjectStore } from '../src/ports/object-store';
import { createTrace } from '../src/trace';
import { listBucket } from './listing';
import type { IngestMessage, LogReaderMessage, ProducerMessage, PublisherMessage } from './protocol';

export interface IngestOptions {
  readonly publisher: ActorRef<PublisherMessage>;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly bucket: string;
  /** Only keys that begin with it are listed. */
  readonly prefix: string;
  /** True for the keys that are read. */
  readonly includes: (key: string) => boolean;
  /** Which new objects are read: all, those written from now on, or those modified since a time. */
  readonly since: 'everything' | 'now' | { readonly ms: number };
  /** How many sources are read at a time. */
  readonly concurrency: number;
  /** How long an unterminated line is held, in milliseconds. */
  readonly forceFlushAfterMs: number;
  /** How long the topics of lines keep records, in milliseconds. Deleted sources are remembered for as long. */
  readonly retentionMs: number;
  readonly startReader: (
    name: string,
    task: ReadTask,
    since: Since,
    context: ActorContext<IngestMessage>,
  ) => ActorRef<LogReaderMessage>;
}

interface State {
  readonly ingest: IngestState;
  readonly rules: IngestRules;
  readonly readers: Map<string, ActorRef<LogReaderMessage>>;
  /** Asked for a report when nothing is left to do. */
  waiting: ActorRef<IdleReport>[];
  /** Numbers the readers: keys may contain anything, names may not. */
  spawned: number;
}

type Context = ActorContext<IngestMessage>;

/**
 * Starts one log-reader per source that is read, a bounded number at a time. `src/ingestion/ingest` decides which. This
 * actor has only the listing, the readers and the clock.
 */
export function ingest(options: IngestOptions): ChildOptions<IngestMessage, State, ProducerMessage> {
  const { publisher, bucket, clock, prefix } = options;

  return {
    name: 'ingest',
    deadlineMs: 120_000,
    onStop: (stopped) => stopped,
    initialState: async (context) => {
      const since = await sinceOf(options);
      const known = await ask(publisher, (replyTo) => ({ type: 'lookupAll', bucket, replyTo }), 60_000);
      listBucket(options, '', context);
      return {
        ingest: ingesting.initialIngest(known),
        rules: { ...options, since },
        readers: new Map(),
        waiting: [],
        spawned: 0,
      };
    },
    receive: async (state, message, context) => {
      switch (message.type) {
        case 'continueListing':
          if (!state.ingest.draining) listBucket(options, message.after, context);
          break;
        case 'childStopped':
          // A reader reports by itself how its reading ended.
          break;
        case 'awaitIdle':
          state.waiting.push(message.replyTo);
          break;
        case 'drain':
          decide(state, { type: 'drainRequested' }, context);
          await Promise.all([...state.readers.values()].map((reader) => stop(reader)));
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'readFinished':
          state.readers.delete(message.key);
          decide(state, message, context);
          break;
        default:
          decide(state, message, context);
      }
      reportIdle(state);
      return state;
    },
  };

  function decide(state: State, event: IngestEvent, context: Context): void {
    for (const action of ingesting.decide(state.ingest, event, state.rules, clock.now()))
      perform(state, action, context);
  }

  function perform(state: State, action: IngestAction, context: Context): void {
    switch (action.type) {
      case 'list':
        if (action.pauseMs === 0) listBucket(options, action.after, context);
        else context.scheduleOnce(action.pauseMs, { type: 'continueListing', after: action.after });
        break;
      case 'read': {
        const name = `reader-${++state.spawned}`;
        const reader = options.startReader(name, action.task, state.rules.since, context);
        state.readers.set(action.task.key, reader);
        break;
      }
      case 'cleanUp':
        tell(publisher, action);
        break;
      case 'barrier':
        tell(publisher, { type: 'barrier', complete: action.complete });
        break;
      case 'scheduleRetry':
        context.scheduleOnce(action.pauseMs, { type: 'retryDue' });
        break;
      case 'trace': {
        const { decision, ...fields } = action.decision;
        createTrace(context.log, options.counters, 'producer')(decision, fields);
        break;
      }
    }
  }

  function reportIdle(state: State): void {
    if (!ingesting.isIdle(state.ingest)) return;
    for (const replyTo of state.waiting.splice(0)) tell(replyTo, ingesting.idleReport(state.ingest, prefix));
  }
}

/**
 * What `since` means for objects that were never read. With `now`, the first listing skips the objects that are older than
 * the very first start. Nothing records which objects it named. So after a restart, or if a signal precedes the listing,
 * LastModified decides: older objects are skipped, others are read from byte 0. LastModified has whole seconds: an object
 * of the same second as the first start is read.
 */
async function sinceOf({ since, publisher, bucket }: IngestOptions): Promise<Since> {
  if (since === 'everything') return { ms: -Infinity, older: 'ignored' };
  if (since !== 'now') return { ms: since.ms, older: 'ignored' };
  const ms = await ask(publisher, (replyTo) => ({ type: 'firstListed', bucket, replyTo }), 60_000);
  return { ms: Math.floor(ms / 1000) * 1000, older: 'skipped' };
}
