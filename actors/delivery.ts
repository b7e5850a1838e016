import type { Counters } from '../src/counters';
import { isTelltaleError } from '../src/errors';
import { tell, type ActorContext, type ActorOptions, type ActorRef } from '../src/kit';
import type { WriterOptions } from '../src/ports/event-log';
import type { TopicSpec } from '../src/stream/topics';
import { createTrace } from '../src/trace';
import { confirmToSelf, type Confirm } from './confirm-to-self';
import { DeliveryRun, failure, type DeliveryRunOptions } from './delivery-run';
import { pipeFetchToSelf } from './pipe-fetch-to-self';
import { EVENT_LOG_SUPERVISION, EVENT_LOG_DEADLINE_MS } from './event-log-supervision';
import type { DeliveryMessage, Drained } from './protocol';

export interface DeliveryOptions<M> extends DeliveryRunOptions<M> {
  /** Names the actor, the transactional id `telltale-<name>`, and the label of its counters. */
  readonly name: string;
  readonly counters: Counters;
  readonly confirm: Confirm;
}

/** The writer of a delivery, with the rights that it needs. */
export function deliveryWriter(name: string, { name: topic }: TopicSpec): WriterOptions {
  return { id: `telltale-${name}`, reads: [topic], writes: [topic] };
}

const FETCH = { maxBytes: 1024 * 1024, waitMs: 5_000 };

interface State<M> {
  /** Null until the group has confirmed the assignment. */
  run: DeliveryRun<M> | null;
  finishing: ActorRef<Drained> | null;
  draining: ActorRef<Drained> | null;
}

/**
 * Delivers the messages of an outbox as `src/stream/delivery.ts` decides.
 *
 * Every start is a takeover: it fences all predecessors, and reads the outbox from its start. Every start but the first
 * waits until the group has confirmed the assignment, so that a process that was paused does not fence the rightful owner
 * (`single-owner`).
 */
export function delivery<M>(options: DeliveryOptions<M>): ActorOptions<DeliveryMessage, State<M>> {
  let isFirstStart = true;
  return {
    name: options.name,
    deadlineMs: EVENT_LOG_DEADLINE_MS,
    supervision: EVENT_LOG_SUPERVISION,
    initialState: async (context) => {
      const state: State<M> = { run: null, finishing: null, draining: null };
      if (isFirstStart) {
        isFirstStart = false;
        await startRun(state, options, context);
      } else {
        confirmAssignment(options, context);
      }
      return state;
    },
    receive: async (state, message, context) => {
      try {
        await handle(state, message, options, context);
      } catch (error) {
        if (!isTelltaleError(error, 'FENCED') || state.run === null) throw error;
        createTrace(context.log, options.counters, options.name)('fenced', { reason: 'waits-for-assignment' });
        await state.run.close();
        state.run = null;
        // Another owner continues from the last commit.
        if (state.draining !== null) tell(state.draining, { type: 'drained' });
        else confirmAssignment(options, context);
      }
      return state;
    },
    afterStop: ({ run }) => run?.close(),
  };
}

async function handle<M>(
  state: State<M>,
  message: DeliveryMessage,
  options: DeliveryOptions<M>,
  context: ActorContext<DeliveryMessage>,
): Promise<void> {
  const { run } = state;
  switch (message.type) {
    case 'confirmed':
      if (state.draining === null) await startRun(state, options, context);
      break;
    case 'confirmFailed':
      throw message.error;
    case 'restored':
      await run?.restored();
      if (state.finishing !== null) await state.run?.finish();
      break;
    case 'fetched':
      if (run?.reader !== message.reader) break;
      fetchNext(run.reader, context);
      await run.read(message.fetched);
      break;
    case 'fetchFailed':
      if (run?.reader === message.reader) throw message.error;
      break;
    case 'woken':
      await run?.decide({ type: 'woken' });
      break;
    case 'sent':
      await run?.answered({ type: 'sent', attempt: message.attempt, transportId: message.transportId });
      break;
    case 'failed':
      await run?.answered(failure(message));
      break;
    case 'finish':
      state.finishing = message.replyTo;
      await run?.finish();
      break;
    case 'drain':
      state.draining = message.replyTo;
      if (run === null) tell(message.replyTo, { type: 'drained' });
      else await run.decide({ type: 'drain' });
      break;
  }
}

async function startRun<M>(
  state: State<M>,
  options: DeliveryOptions<M>,
  context: ActorContext<DeliveryMessage>,
): Promise<void> {
  const run = await DeliveryRun.start(options, deliveryWriter(options.name, options.topic), {
    tell: (message) => {
      if (!context.signal.aborted) tell(context.self, message);
    },
    scheduleOnce: (delayMs, message) => context.scheduleOnce(delayMs, message),
    trace: createTrace(context.log, options.counters, options.name),
    finished: () => {
      if (state.finishing !== null) tell(state.finishing, { type: 'drained' });
      state.finishing = null;
    },
    drained: () => {
      if (state.draining !== null) tell(state.draining, { type: 'drained' });
    },
  });
  state.run = run;
  fetchNext(run.reader, context);
  tell(context.self, { type: 'restored' });
}

function confirmAssignment<M>({ confirm }: DeliveryOptions<M>, context: ActorContext<DeliveryMessage>): void {
  confirmToSelf<DeliveryMessage>(
    confirm,
    { confirmed: { type: 'confirmed' }, failed: (error) => ({ type: 'confirmFailed', error }) },
    context,
  );
}

function fetchNext(reader: DeliveryRun<unknown>['reader'], context: ActorContext<DeliveryMessage>): void {
  pipeFetchToSelf<DeliveryMessage>(
    reader,
    FETCH,
    {
      fetched: (fetched) => ({ type: 'fetched', reader, fetched }),
      failed: (error) => ({ type: 'fetchFailed', reader, error }),
    },
    context,
  );
}
