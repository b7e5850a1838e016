import { isTelltaleError, TelltaleError } from '../src/errors';
import { tell, type ActorContext, type ActorOptions, type ActorRef } from '../src/kit';
import type { Clock } from '../src/ports/clock';
import type { Delivery } from '../src/ports/delivery';
import type { EventLog, EventReader, EventWriter, WriterOptions } from '../src/ports/event-log';
import { decodeBatch } from '../src/records/record-batch';
import {
  decide,
  LEASE_MS,
  openDelivery,
  type DeliveryEvent,
  type DeliveryState,
  type Effect,
  type Outcome,
} from '../src/stream/delivery';
import type { OutputRecord } from '../src/stream/job';
import type { MessageFormat } from '../src/stream/outbox-records';
import type { TopicSpec } from '../src/stream/topics';
import { appendRecords, type Crc32c } from './append';
import { fetchToSelf } from './fetch-to-self';
import { PATIENT, PATIENT_DEADLINE_MS } from './patience';
import type { DeliveryMessage, Drained } from './protocol';
import { readBatches } from './read-latest';

export interface DeliveryOptions<M> {
  /** Names the actor, and the transactional id `telltale-<name>`. */
  readonly name: string;
  /** The outbox: a topic of one partition. */
  readonly topic: TopicSpec;
  readonly format: MessageFormat<M>;
  readonly delivery: Delivery<M>;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
}

interface State<M> {
  readonly decisions: DeliveryState<M>;
  readonly writer: EventWriter;
  readonly reader: EventReader;
  finishing: ActorRef<Drained> | null;
  draining: ActorRef<Drained> | null;
  cancelWake: () => void;
  cancelTimeout: () => void;
}

const FETCH = { maxBytes: 1024 * 1024, waitMs: 5_000 };
const SEND_TIMEOUT_MS = LEASE_MS / 2;

/** The writer of a delivery, with the rights that it needs. */
export function deliveryWriter(name: string, { name: topic }: TopicSpec): WriterOptions {
  return { id: `telltale-${name}`, reads: [topic], writes: [topic] };
}

/**
 * Delivers the messages of an outbox as `src/stream/delivery.ts` decides. A crash is a takeover by itself: it opens the
 * writer, which fences its predecessors, and reads the outbox from the start. Only FENCED is final.
 */
export function delivery<M>(options: DeliveryOptions<M>): ActorOptions<DeliveryMessage, State<M>> {
  const { name, topic, format, log, clock } = options;
  const outbox = { topic: topic.name, partition: 0, from: 0 };
  return {
    name,
    deadlineMs: PATIENT_DEADLINE_MS,
    supervision: PATIENT,
    initialState: async (context) => {
      const writer = await log.openWriter(deliveryWriter(name, topic));
      const decisions = openDelivery<M>({ format, retentionMs: topic.retentionMs });
      const { end } = await log.offsets(topic.name, 0);
      await readBatches(log, outbox, (batch, from) => {
        decide(decisions, readEvent([batch], from, end, clock));
      });
      const reader = log.openReader(topic.name, 0, end);
      const nothing = (): void => undefined;
      fetchNext(reader, context);
      tell(context.self, { type: 'restored', next: end });
      return {
        decisions,
        writer,
        reader,
        finishing: null,
        draining: null,
        cancelWake: nothing,
        cancelTimeout: nothing,
      };
    },
    receive: async (state, message, context) => {
      const now = clock.now();
      const happened = (event: DeliveryEvent): Promise<void> => carryOut(state, event, options, context);
      try {
        switch (message.type) {
          case 'fetched': {
            const { batches, from, next } = message.fetched;
            fetchNext(state.reader, context);
            await happened(readEvent(batches, from, next, clock));
            break;
          }
          case 'fetchFailed':
            throw message.error;
          case 'restored':
          case 'woken':
            await happened({ ...message, now });
            break;
          case 'sent':
            state.cancelTimeout();
            await happened({ ...message, now });
            break;
          case 'failed':
            state.cancelTimeout();
            await happened(failure(message, now));
            break;
          case 'finish':
            state.finishing = message.replyTo;
            await happened({ type: 'finish', end: (await log.offsets(topic.name, 0)).end, now });
            break;
          case 'drain':
            state.draining = message.replyTo;
            await happened({ type: 'drain', now });
            break;
        }
      } catch (error) {
        if (!isTelltaleError(error, 'FENCED')) throw error;
        context.log.warn('fenced by another instance; stopping');
        context.stopSelf();
      }
      return state;
    },
    afterStop: async (state) => {
      await state.reader.close();
      await state.writer.close();
    },
  };
}

async function carryOut<M>(
  state: State<M>,
  event: DeliveryEvent,
  options: DeliveryOptions<M>,
  context: ActorContext<DeliveryMessage>,
): Promise<void> {
  for (const effect of decide(state.decisions, event)) {
    switch (effect.type) {
      case 'write':
        await write(state.writer, effect.record, options);
        await carryOut(state, { type: 'committed', now: options.clock.now() }, options, context);
        break;
      case 'send':
        send(state, effect, options.delivery, context);
        break;
      case 'wake':
        state.cancelWake();
        state.cancelWake = context.scheduleOnce(Math.max(0, effect.at - event.now), { type: 'woken' });
        break;
      case 'outcome':
        report(effect, context);
        break;
      case 'finished':
        if (state.finishing !== null) tell(state.finishing, { type: 'drained' });
        state.finishing = null;
        break;
      case 'drained':
        if (state.draining !== null) tell(state.draining, { type: 'drained' });
        break;
    }
  }
}

/** Sends beside the mailbox. An answer to an earlier start of the actor is dropped: the message is pending again. */
function send<M>(
  state: State<M>,
  { attempt, message, possibleRepeat }: Extract<Effect<M>, { type: 'send' }>,
  receiver: Delivery<M>,
  context: ActorContext<DeliveryMessage>,
): void {
  const answer = (result: DeliveryMessage): void => {
    if (!context.signal.aborted) tell(context.self, result);
  };
  const timeout = new TelltaleError('DELIVERY_FAILED', `No answer within ${SEND_TIMEOUT_MS / 1000} s.`);
  state.cancelTimeout = context.scheduleOnce(SEND_TIMEOUT_MS, { type: 'failed', attempt, error: timeout });
  const sending = async (): Promise<string> => receiver.send(message, attempt.id, possibleRepeat);
  sending().then(
    (transportId) => answer({ type: 'sent', attempt, transportId }),
    (error: unknown) => answer({ type: 'failed', attempt, error }),
  );
}

function failure({ attempt, error }: Extract<DeliveryMessage, { type: 'failed' }>, now: number): DeliveryEvent {
  if (isTelltaleError(error, 'DELIVERY_REFUSED')) return { type: 'refused', attempt, reason: error.message, now };
  return { type: 'failed', attempt, error, now };
}

function report(happened: Outcome, { log }: ActorContext<DeliveryMessage>): void {
  const { outcome, attempt } = happened;
  switch (outcome) {
    case 'sent':
      log.info('delivered', { ...attempt, transportId: happened.transportId });
      break;
    case 'refused':
      log.error('delivery refused permanently', { ...attempt, reason: happened.reason });
      break;
    case 'failed':
      log.warn('delivery failed; trying again', {
        ...attempt,
        retryInMs: happened.retryInMs,
        error: happened.error,
      });
      break;
    case 'unreadable':
      log.error('message not understood; run the version of Telltale that wrote it', { ...attempt });
      break;
  }
}

async function write<M>(
  writer: EventWriter,
  record: OutputRecord,
  { topic, crc32c }: DeliveryOptions<M>,
): Promise<void> {
  const transaction = writer.begin();
  await appendRecords(transaction, { topic: topic.name, partition: 0 }, [{ ...record, headers: [] }], crc32c);
  await transaction.commit();
}

function readEvent(batches: readonly Buffer[], from: number, next: number, clock: Clock): DeliveryEvent {
  return { type: 'read', records: batches.flatMap((batch) => decodeBatch(batch, from)), next, now: clock.now() };
}

function fetchNext(reader: EventReader, context: ActorContext<DeliveryMessage>): void {
  fetchToSelf<DeliveryMessage>(
    reader,
    FETCH,
    { fetched: (fetched) => ({ type: 'fetched', fetched }), failed: (error) => ({ type: 'fetchFailed', error }) },
    context,
  );
}
