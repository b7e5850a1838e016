import type { Signal } from '../src/ingestion/signal/signal';
import { isTelltaleError } from '../src/errors';
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
import type { Drain, IngestMessage, ProducerMessage, PublisherMessage, Settled } from './protocol';
import { publisher, type PublisherOptions } from './publisher';

export interface ProducerOptions
  extends Omit<IngestOptions, 'publisher'>, Omit<PublisherOptions, 'name' | 'transactionalId' | 'log'> {
  readonly log: PublisherOptions['log'];
  /** A part that nothing works without has failed for good: the program should end. */
  readonly onFailure: (what: string, error: Error) => void;
}

export interface Producer {
  readonly ref: ActorRef<ProducerMessage>;
  /** Resolves when nothing is listed, waiting or in work any more, with what could not be read (`local --once`). */
  settle(timeoutMs: number): Promise<Settled['failed']>;
  /** Stops source to sink: no new hints, no reading, everything that was accepted is committed. */
  drain(timeoutMs: number): Promise<void>;
}

/**
 * All that can break here is a drain: a part that crashes in it, or both together take longer than one message may. To start
 * all parts once more would read on instead, and fence whoever took over.
 */
const NEVER_AGAIN: Supervision = { maxRestarts: 0, withinMs: 0, backoffMs: { initial: 0, max: 0 } };

interface State {
  readonly publisher: ActorRef<PublisherMessage>;
  readonly ingest: ActorRef<IngestMessage>;
  draining: boolean;
}

/** Starts the producer's actors: hints -> ingest -> log-readers -> publisher -> event log. */
export function startProducer(system: ActorSystem, options: ProducerOptions): Producer {
  const ref = spawn(system, producerRoot(options));
  return {
    ref,
    settle: async (timeoutMs) => (await ask(ref, (replyTo) => ({ type: 'settle', replyTo }), timeoutMs)).failed,
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
        ...publisher({ ...options, name: 'publisher-0', transactionalId: 'telltale-producer-0' }),
        onStop: (stopped) => stopped,
      });
      return {
        publisher: publishing,
        ingest: spawn(context, ingest({ ...options, publisher: publishing })),
        draining: false,
      };
    },
    receive: async (state, message) => {
      switch (message.type) {
        case 'objectArrived':
          tell(state.ingest, arrivalOf(message.signal));
          break;
        case 'reconcile':
        case 'settle':
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
            const error = outcome.kind === 'failed' ? outcome.error : new Error('another producer has taken over');
            options.onFailure(message.name, error);
          }
          break;
      }
      return state;
    },
  };
}

function arrivalOf({ key, reingest }: Signal): IngestMessage {
  return reingest === undefined ? { type: 'ingest', key } : { type: 'reingest', key, count: reingest === 'count' };
}

/** A part that has stopped for good has nothing to drain; a restart of all would fence whoever took over. */
async function drain(part: ActorRef<Drain>): Promise<void> {
  try {
    await ask(part, (replyTo) => ({ type: 'drain', replyTo }), 20_000);
  } catch (error) {
    if (!isTelltaleError(error, 'ACTOR_STOPPED')) throw error;
  }
}
