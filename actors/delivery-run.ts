import { isTelltaleError, TelltaleError } from '../src/errors';
import type { Clock } from '../src/ports/clock';
import type { Delivery } from '../src/ports/delivery';
import type { EventLog, EventReader, EventWriter, FetchedBatches, WriterOptions } from '../src/ports/event-log';
import { decodeBatch } from '../src/records/record-batch';
import { damagedAt } from '../src/stream/continue-from';
import { decide, LEASE_MS, openDelivery, type DeliveryOptions, type DeliveryState } from '../src/stream/delivery';
import type { Attempt, DeliveryEvent, Effect, Outcome } from '../src/stream/delivery-events';
import type { OutputRecord } from '../src/stream/job';
import type { TopicSpec } from '../src/stream/topics';
import { targetName } from '../src/stream/target';
import type { Trace } from '../src/trace';
import { appendRecords, type Crc32c } from './append';
import type { OfDelivery } from './protocol';
import { readBatches } from './read-latest';

export interface DeliveryRunOptions<M> extends Omit<DeliveryOptions<M>, 'retentionMs'> {
  /** The outbox: a topic of one partition. */
  readonly topic: TopicSpec;
  readonly delivery: Delivery<M>;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
}

/** The actor that owns this run. */
export interface DeliveryOwner {
  readonly tell: (message: OfDelivery) => void;
  readonly scheduleOnce: (delayMs: number, message: OfDelivery) => () => void;
  /** Reports a decision about a receiver; null: about all of them. */
  readonly trace: (receiver: string | null) => Trace;
  readonly finished: () => void;
  readonly drained: () => void;
}

/** An event without its time: the run adds it. */
type Happened = DeliveryEvent extends infer E ? (E extends DeliveryEvent ? Omit<E, 'now'> : never) : never;

const SEND_TIMEOUT_MS = LEASE_MS / 2;

/**
 * The delivery from one takeover to the next: tells the decisions what happened, and carries out their effects. Any error
 * of the event log ends it.
 */
export class DeliveryRun<M> {
  private readonly decisions: DeliveryState<M>;
  private cancelWake = (): void => undefined;
  /** By the name of a receiver. */
  private readonly timeouts = new Map<string, () => void>();

  private constructor(
    private readonly options: DeliveryRunOptions<M>,
    private readonly writer: EventWriter,
    readonly reader: EventReader,
    private readonly end: number,
    private readonly owner: DeliveryOwner,
  ) {
    this.decisions = openDelivery<M>({ ...options, retentionMs: options.topic.retentionMs });
  }

  /** Fences all predecessors, then reads the outbox to its end. */
  static async start<M>(
    options: DeliveryRunOptions<M>,
    writerOptions: WriterOptions,
    owner: DeliveryOwner,
  ): Promise<DeliveryRun<M>> {
    const { log, topic, clock } = options;
    const writer = await log.openWriter(writerOptions);
    const { end } = await log.offsets(topic.name, 0);
    const run = new DeliveryRun(options, writer, log.openReader(topic.name, 0, end), end, owner);
    try {
      await readBatches(log, { topic: topic.name, partition: 0, from: 0 }, (batch, from) => {
        decide(run.decisions, { type: 'read', records: decodeBatch(batch, from), next: end, now: clock.now() });
      });
    } catch (error) {
      await run.close();
      throw error;
    }
    return run;
  }

  /** Begins to send. Call this before anything else. */
  restored(): Promise<void> {
    return this.decide({ type: 'restored', next: this.end });
  }

  /** @throws EVENT_LOG_DAMAGED: a message may be lost, or be sent already */
  read({ batches, unreadable, from, next }: FetchedBatches): Promise<void> {
    const [damaged] = unreadable;
    if (damaged !== undefined) throw damagedAt({ topic: this.options.topic.name, partition: 0, ...damaged });
    return this.decide({ type: 'read', records: batches.flatMap((batch) => decodeBatch(batch, from)), next });
  }

  /** How the last send ended. */
  answered(event: Extract<Happened, { readonly attempt: Attempt }>): Promise<void> {
    this.cancelTimeout(event.attempt);
    return this.decide(event);
  }

  async finish(): Promise<void> {
    const { log, topic } = this.options;
    await this.decide({ type: 'finish', end: (await log.offsets(topic.name, 0)).end });
  }

  async decide(event: Happened): Promise<void> {
    for (const effect of decide(this.decisions, { ...event, now: this.options.clock.now() })) {
      await this.carryOut(effect);
    }
  }

  private cancelTimeout({ target }: Attempt): void {
    this.timeouts.get(target.receiver)?.();
    this.timeouts.delete(target.receiver);
  }

  async close(): Promise<void> {
    this.cancelWake();
    for (const cancel of this.timeouts.values()) cancel();
    await this.reader.close();
    await this.writer.close();
  }

  private async carryOut(effect: Effect<M>): Promise<void> {
    switch (effect.type) {
      case 'write':
        await this.write(effect.record);
        await this.decide({ type: 'committed', receiver: effect.receiver });
        break;
      case 'send':
        this.send(effect);
        break;
      case 'wake':
        this.cancelWake();
        this.cancelWake = this.owner.scheduleOnce(effect.inMs, { type: 'woken' });
        break;
      case 'outcome':
        report(effect, this.owner.trace);
        break;
      case 'finished':
        this.owner.finished();
        break;
      case 'drained':
        this.owner.drained();
        break;
    }
  }

  private async write(record: OutputRecord): Promise<void> {
    const { topic, crc32c } = this.options;
    const transaction = this.writer.begin();
    await appendRecords(transaction, { topic: topic.name, partition: 0 }, [{ ...record, headers: [] }], crc32c);
    await transaction.commit();
  }

  /** Sends without blocking the mailbox: a receiver that does not answer must not delay the others. */
  private send({ attempt, message, possibleRepeat }: Extract<Effect<M>, { type: 'send' }>): void {
    const timeout = new TelltaleError('DELIVERY_FAILED', `No answer within ${SEND_TIMEOUT_MS / 1000} s.`);
    const cancel = this.owner.scheduleOnce(SEND_TIMEOUT_MS, { type: 'failed', attempt, error: timeout });
    this.timeouts.set(attempt.target.receiver, cancel);
    const { delivery } = this.options;
    const sending = async (): Promise<string> => delivery.send(message, { ...attempt, possibleRepeat });
    sending().then(
      (transportId) => this.owner.tell({ type: 'sent', attempt, transportId }),
      (error: unknown) => this.owner.tell({ type: 'failed', attempt, error }),
    );
  }
}

/** Distinguishes a permanent refusal from a failure that may be retried. */
export function failure({
  attempt,
  error,
}: Extract<OfDelivery, { type: 'failed' }>): Extract<Happened, { type: 'refused' | 'failed' }> {
  if (isTelltaleError(error, 'DELIVERY_REFUSED')) return { type: 'refused', attempt, reason: error.message };
  const retryAfterMs = isTelltaleError(error) ? error.retryAfterMs : null;
  return { type: 'failed', attempt, error, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
}

function report(happened: Outcome, traceOf: DeliveryOwner['trace']): void {
  const { id, attempt, target } = happened;
  const trace = traceOf(target?.receiver ?? null);
  const to = target === null ? null : targetName(target);
  switch (happened.outcome) {
    case 'sent': {
      const reason = attempt === 1 ? 'first attempt' : 'repeated attempt';
      trace('delivered', { id, to, attempt, transportId: happened.transportId, reason });
      break;
    }
    case 'refused':
      trace('deliveryRefused', { id, to, attempt, problem: happened.reason, reason: 'refused' });
      break;
    case 'failed': {
      const { error, retryInMs } = happened;
      trace('deliveryRetried', {
        id,
        to,
        attempt,
        retryInMs,
        error,
        reason: isTelltaleError(error) ? error.code : 'error',
      });
      break;
    }
    case 'unreadable':
      trace('messageUnreadable', { id, to, reason: happened.what === 'message' ? 'other version' : 'status' });
      break;
    case 'unconfigured':
      trace('receiverUnknown', { id, to, reason: 'not configured' });
      break;
  }
}
