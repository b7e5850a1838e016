import type { Decompress } from './reader/content';
import type { IdleReport } from '../src/ingestion/ingest/protocol';
import type { Counters } from '../src/counters';
import type { Hashing } from '../src/ingestion/content';
import type { OriginRule } from '../src/ingestion/origin';
import type { ScanOptions } from '../src/lines/scanner';
import type { Clock } from '../src/ports/clock';
import type { EventLog } from '../src/ports/event-log';
import type { ObjectStore } from '../src/ports/object-store';
import type { Crc32c } from './append';
import type { ObjectSignal } from '../src/ingestion/signal/signal';
import { isTelltaleError, TelltaleError } from '../src/errors';
import {
  ask,
  spawn,
  stop,
  tell,
  type ActorOptions,
  type ActorRef,
  type ActorSystem,
  type Supervision,
} from '../src/kit';
import { ingest, type IngestOptions } from './ingest';
import { logReader } from './log-reader';
import type { Drain, IngestMessage, ProducerMessage, PublisherMessage } from './protocol';
import { createSketchReader } from './read-sketch';
import { publisher } from './publisher';

/** The options of all parts. */
export interface ProducerOptions {
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
  readonly counters: Counters;
  readonly hashing: Hashing;
  readonly decompress: Decompress;
  /** Partitions of the topics of lines and of `checkpoints`. */
  readonly partitions: number;
  readonly bucket: string;
  /** Only keys that begin with it are listed. */
  readonly prefix: string;
  /** True for the keys that are read. */
  readonly includes: (key: string) => boolean;
  readonly originRule: OriginRule;
  /** Topic of the lines of a key that was never read. */
  readonly topicOf: (key: string) => string;
  /** Topics that lines may go to: the inputs of the pipelines. */
  readonly lineTopics: readonly string[];
  readonly scan: (key: string) => ScanOptions;
  /** Which new objects are read: all, those written from now on, or those modified since a time. */
  readonly since: 'everything' | 'now' | { readonly ms: number };
  /** How many sources are read at a time. */
  readonly concurrency: number;
  /** Steps per reader that the publisher has not accepted yet, at most. */
  readonly credit: number;
  /** Appended bytes, or a gzip, of at most this size are kept in memory while they are verified; larger ones are read twice. */
  readonly maxProofBytes: number;
  /** Without a usable checksum, up to this many bytes are read again to prove an append. */
  readonly maxReproofBytes: number;
  /** How long an unterminated line is held, in milliseconds. 0 publishes it at once: nothing will follow (`local --once`). */
  readonly forceFlushAfterMs: number;
  /** How long the topics of lines keep records, in milliseconds. Deleted sources are remembered for as long. */
  readonly retentionMs: number;
  /** A part has failed permanently, or another producer has taken over: the program should end. */
  readonly onFailure: (what: string, error: Error) => void;
}

export interface Producer {
  readonly ref: ActorRef<ProducerMessage>;
  /** Resolves when nothing is listed, waits or is being read, with what could not be read (`local --once`). */
  awaitIdle(timeoutMs: number): Promise<IdleReport['failed']>;
  /** Stops source to sink: no new signals, no reading, everything accepted is committed. */
  drain(timeoutMs: number): Promise<void>;
}

/**
 * Only a drain can crash this actor: a part crashes in it, or both together exceed the deadline of a message. A restart would
 * continue reading instead, and fence a producer that has taken over.
 */
const NEVER_AGAIN: Supervision = { maxRestarts: 0, withinMs: 0, backoffMs: { initial: 0, max: 0 } };

/**
 * Must never change: otherwise old and new programs would not fence each other. Further shards of the producer will be 1,
 * 2, ….
 */
const TRANSACTIONAL_ID = 'telltale-producer-0';

interface State {
  readonly publisher: ActorRef<PublisherMessage>;
  readonly ingest: ActorRef<IngestMessage>;
  draining: boolean;
}

/** Starts the producer's actors: signals -> ingest -> log-readers -> publisher -> event log. */
export function startProducer(system: ActorSystem, options: ProducerOptions): Producer {
  const ref = spawn(system, producerRoot(options));
  return {
    ref,
    awaitIdle: async (timeoutMs) => (await ask(ref, (replyTo) => ({ type: 'awaitIdle', replyTo }), timeoutMs)).failed,
    drain: async (timeoutMs) => {
      await ask(ref, (replyTo) => ({ type: 'drain', replyTo }), timeoutMs);
      await stop(ref);
    },
  };
}

function producerRoot(options: ProducerOptions): ActorOptions<ProducerMessage, State> {
  return {
    name: 'producer',
    supervision: NEVER_AGAIN,
    initialState: (context) => {
      const publishing = spawn(context, {
        ...publisher({ ...options, name: 'publisher-0', transactionalId: TRANSACTIONAL_ID }),
        onStop: (stopped) => stopped,
      });
      return {
        publisher: publishing,
        ingest: spawn(context, ingest({ ...options, publisher: publishing, startReader: startReader(publishing) })),
        draining: false,
      };
    },
    receive: async (state, message) => {
      switch (message.type) {
        case 'objectArrived':
          tell(state.ingest, arrivalOf(message.signal));
          break;
        case 'reconcile':
          tell(state.ingest, { type: 'listingRequested' });
          break;
        case 'awaitIdle':
          tell(state.ingest, message);
          break;
        case 'drain':
          state.draining = true;
          await drain(state.ingest);
          await drain(state.publisher);
          tell(message.replyTo, { type: 'drained' });
          break;
        case 'childStopped':
          if (!state.draining) {
            const { outcome } = message;
            options.onFailure(message.name, outcome.kind === 'failed' ? outcome.error : takenOver());
          }
          break;
      }
      return state;
    },
  };

  function startReader(publisher: ActorRef<PublisherMessage>): IngestOptions['startReader'] {
    const readSketch = createSketchReader(options.log, options.partitions);
    return (name, task, since, context) => {
      const reader = { ...options, readSketch, rules: { ...options, since } };
      const { credit, counters } = options;
      return spawn(context, logReader(name, task, { reader, publisher, credit, counters }, context.self));
    };
  }
}

/** A part stops by itself only when it was fenced. */
function takenOver(): TelltaleError {
  return new TelltaleError(
    'FENCED',
    `another producer has taken over: it opened the transactional id ${TRANSACTIONAL_ID} after this one. ` +
      'Nothing is lost; run one producer per event log. The one that is started last takes over.',
  );
}

function arrivalOf({ key, reingest }: ObjectSignal): IngestMessage {
  if (reingest === undefined) return { type: 'arrived', key };
  return { type: 'reingestRequested', key, count: reingest === 'count' };
}

/** A part that has stopped has nothing to drain. */
async function drain(part: ActorRef<Drain>): Promise<void> {
  try {
    await ask(part, (replyTo) => ({ type: 'drain', replyTo }), 20_000);
  } catch (error) {
    if (!isTelltaleError(error, 'ACTOR_STOPPED')) throw error;
  }
}
