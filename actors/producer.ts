import { ask, spawn, stop, tell, type ActorOptions, type ActorRef, type ActorSystem } from '../src/kit';
import { ingest, type IngestOptions } from './ingest';
import type { IngestMessage, ProducerMessage, PublisherMessage } from './protocol';
import { publisher, type PublisherOptions } from './publisher';

export interface ProducerOptions
  extends Omit<IngestOptions, 'publisher'>, Omit<PublisherOptions, 'name' | 'transactionalId' | 'log'> {
  readonly log: PublisherOptions['log'];
  /** A part that nothing works without has failed for good: the program should end. */
  readonly onFailure: (what: string, error: Error) => void;
}

export interface Producer {
  readonly ref: ActorRef<ProducerMessage>;
  /** Resolves when all that is in the bucket is read and committed (`local --once`). */
  settle(timeoutMs: number): Promise<void>;
  /** Stops source to sink: no new hints, no reading, everything that was accepted is committed. */
  drain(timeoutMs: number): Promise<void>;
}

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
    settle: async (timeoutMs) => {
      await ask(ref, (replyTo) => ({ type: 'settle', replyTo }), timeoutMs);
    },
    drain: async (timeoutMs) => {
      await ask(ref, (replyTo) => ({ type: 'drain', replyTo }), timeoutMs);
      await stop(ref);
    },
  };
}

function producerRoot(options: ProducerOptions): ActorOptions<ProducerMessage, State> {
  return {
    name: 'producer',
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
          tell(state.ingest, { type: 'ingest', key: message.signal.key });
          break;
        case 'reconcile':
        case 'settle':
          tell(state.ingest, message);
          break;
        case 'drain':
          state.draining = true;
          await ask(state.ingest, (replyTo) => ({ type: 'drain', replyTo }), 20_000);
          await ask(state.publisher, (replyTo) => ({ type: 'drain', replyTo }), 20_000);
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
