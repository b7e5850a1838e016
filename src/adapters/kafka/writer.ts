import { TelltaleError } from '../../errors';
import type { EventTransaction, EventWriter, WriterOptions } from '../../ports/event-log';
import type { Producer } from './api/init-producer-id';
import { initProducerId } from './api/init-producer-id';
import { sequenceAfter } from './batches';
import { KafkaClient } from './client';
import { isBrokerError } from './errors';
import type { KafkaEventLogOptions } from './options';
import { KafkaTransaction } from './transaction';
import type { Waiting } from '../waiting';

/** How long closing tries to abort the open transaction. */
const ABORT_WITHIN_MS = 2_000;

/**
 * The writer of a transactional id, with connections of its own. `InitProducerId` fences: the coordinator raises the epoch,
 * and answers when it has committed or aborted the open transaction of the id's last writer.
 */
export class KafkaWriter implements EventWriter {
  private open: KafkaTransaction | null = null;
  /** Set once the writer accepts no more transactions. */
  private fatalError: TelltaleError | null = null;
  private readonly closing = new AbortController();
  private shuttingDown: Promise<void> | null = null;
  /** The sequence number of the next record, by topic and partition. */
  private readonly sequences = new Map<string, number>();

  private constructor(
    readonly options: KafkaEventLogOptions,
    readonly client: KafkaClient,
    readonly producer: Producer,
    private readonly writes: readonly string[],
  ) {}

  /** @param closed aborted when the event log is closed */
  static async open(
    options: KafkaEventLogOptions,
    { id: transactionalId, writes }: WriterOptions,
    closed: AbortSignal,
    waiting: Waiting,
  ): Promise<KafkaWriter> {
    const client = new KafkaClient(options, waiting);
    try {
      const what = `Cannot open the writer ${transactionalId}`;
      const producer = await client.run(what, closed, async (connections) => {
        const coordinator = await connections.coordinator('transaction', transactionalId);
        return coordinator.send(initProducerId(transactionalId, options.transactionTimeoutMs));
      });
      return new KafkaWriter(options, client, producer, writes);
    } catch (error) {
      client.disconnect();
      if (!isBrokerError(error, 'INVALID_TRANSACTION_TIMEOUT')) throw error;
      const message =
        `Cannot open the writer ${transactionalId}: its transactions may take ${options.transactionTimeoutMs} ms, and the ` +
        `brokers allow less. Set transaction.max.timeout.ms of the brokers to ${options.transactionTimeoutMs} or more.`;
      throw new TelltaleError('EVENT_LOG_UNSUPPORTED', message, { cause: error });
    }
  }

  /** Aborted when the writer is closed. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  begin(): EventTransaction {
    this.checkUsable();
    if (this.open?.isOpen === true) {
      const message = `${this.producer.transactionalId} began a transaction before the end of the last one.`;
      throw new TelltaleError('INTERNAL', message);
    }
    this.open = new KafkaTransaction(this);
    return this.open;
  }

  close(): Promise<void> {
    this.shuttingDown ??= this.shutDown();
    return this.shuttingDown;
  }

  private async shutDown(): Promise<void> {
    const message = `The writer ${this.producer.transactionalId} is closed: open a new one.`;
    this.fail(new TelltaleError('CLOSED', message));
    // Without an abort, readers would wait for the broker's time limit; but closing must not wait for a dead broker.
    void this.options.clock.sleep(ABORT_WITHIN_MS, this.closing.signal).then(() => this.closing.abort());
    await this.open?.abort();
    this.closing.abort();
    this.client.disconnect();
  }

  fail(reason: TelltaleError): void {
    this.fatalError ??= reason;
  }

  /** @throws FENCED, or CLOSED when it was closed or has failed */
  checkUsable(): void {
    if (this.fatalError === null) return;
    if (this.fatalError.code === 'FENCED' || this.fatalError.code === 'CLOSED') throw this.fatalError;
    const message = `The writer ${this.producer.transactionalId} has failed: close it and open a new one.`;
    throw new TelltaleError('CLOSED', message, { cause: this.fatalError });
  }

  /** @throws INTERNAL when the writer did not declare the topic */
  checkDeclared(topic: string): void {
    if (this.writes.includes(topic)) return;
    const message = `The writer ${this.producer.transactionalId} did not declare that it writes the topic ${topic}.`;
    throw new TelltaleError('INTERNAL', message);
  }

  sequence(topic: string, partition: number): number {
    return this.sequences.get(`${topic}/${partition}`) ?? 0;
  }

  advance(topic: string, partition: number, records: number): void {
    this.sequences.set(`${topic}/${partition}`, sequenceAfter(this.sequence(topic, partition), records));
  }
}
