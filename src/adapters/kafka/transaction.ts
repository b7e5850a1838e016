import { TelltaleError } from '../../errors';
import type { EventTransaction } from '../../ports/event-log';
import { batchHeader } from '../../records/record-batch';
import { crc32c } from '../native/checksums';
import { addOffsetsToTxn } from './api/add-offsets-to-txn';
import { addPartitionToTxn } from './api/add-partitions-to-txn';
import { endTxn } from './api/end-txn';
import type { Producer } from './api/init-producer-id';
import { produce } from './api/produce';
import { txnOffsetCommit } from './api/txn-offset-commit';
import { transactionalBatch } from './batches';
import type { KafkaClient } from './client';
import type { Broker, Connections } from './connections';
import { BrokerError, brokerErrors, isFenced, remedyOf } from './errors';
import type { KafkaEventLogOptions } from './options';
import { MAX_BATCH_BYTES } from './topics';

/** Both codes mean that the batch is in the log. The second one comes when the answer to an earlier try was lost. */
const APPENDED: readonly number[] = [0, brokerErrors.DUPLICATE_SEQUENCE_NUMBER.code];

/** The writer of a transaction, as the transaction sees it. */
export interface TransactionOwner {
  readonly options: Pick<KafkaEventLogOptions, 'clock' | 'requestTimeoutMs' | 'transactionTimeoutMs'>;
  readonly client: KafkaClient;
  readonly producer: Producer;
  /** Aborted when the writer is closed. */
  readonly closed: AbortSignal;
  /** Ends the writer: it accepts no more transactions. */
  fail(reason: TelltaleError): void;
  checkUsable(): void;
  checkDeclared(topic: string): void;
  /** The sequence number of the next record. */
  sequence(topic: string, partition: number): number;
  /** Counts records that the broker has appended. */
  advance(topic: string, partition: number, records: number): void;
}

/** A transaction of a writer. After any error the writer accepts no more. */
export class KafkaTransaction implements EventTransaction {
  isOpen = true;
  private readonly since: number;
  private readonly partitions = new Set<string>();
  private readonly groups = new Set<string>();
  /** The pending call, if any; it never rejects. */
  private busy: Promise<unknown> = Promise.resolve();

  constructor(private readonly writer: TransactionOwner) {
    this.since = writer.options.clock.now();
  }

  append(topic: string, partition: number, batch: Buffer): Promise<void> {
    return this.attempt(`Cannot append to ${topic}/${partition}`, async (what) => {
      const { options, producer } = this.writer;
      const { transactionalId, producerId, producerEpoch } = producer;
      this.writer.checkDeclared(topic);
      const records = checkBatch(topic, batch);
      const sequence = this.writer.sequence(topic, partition);
      const request = produce({
        transactionalId,
        topic,
        partition,
        batch: transactionalBatch(batch, { id: producerId, epoch: producerEpoch, sequence }),
        timeoutMs: options.requestTimeoutMs,
      });
      // A repeated batch has the same sequence numbers, so that the broker appends it once.
      await this.run(what, async (connections) => {
        const leader = await connections.leader(topic, partition);
        await this.addPartition(connections, topic, partition);
        const code = await leader.send(request);
        if (!APPENDED.includes(code)) throw new BrokerError(code, `${topic}/${partition}`);
      });
      this.writer.advance(topic, partition, records);
    });
  }

  commitOffset(group: string, topic: string, partition: number, offset: number): Promise<void> {
    return this.attempt(`Cannot commit an offset of ${group}`, async (what) => {
      const { producer } = this.writer;
      const request = txnOffsetCommit(producer, { group, topic, partition, offset });
      await this.run(what, async (connections) => {
        if (!this.groups.has(group)) {
          const coordinator = await this.coordinator(connections);
          await coordinator.send(addOffsetsToTxn(producer, group));
          this.groups.add(group);
        }
        const coordinator = await connections.coordinator('group', group);
        await coordinator.send(request);
      });
    });
  }

  commit(): Promise<void> {
    return this.attempt('Cannot commit', async (what) => {
      this.isOpen = false;
      if (!this.isKnownToTheBroker) return;
      const progress: CommitProgress = { sent: false, unsure: false };
      try {
        await this.run(what, (connections) => this.sendCommit(connections, progress));
      } catch (error) {
        throw this.commitError(error, progress);
      }
    });
  }

  async abort(): Promise<void> {
    await this.busy;
    if (!this.isOpen) return;
    this.isOpen = false;
    if (!this.isKnownToTheBroker) return;
    try {
      await this.run('Cannot abort', async (connections) => {
        const coordinator = await this.coordinator(connections);
        await coordinator.send(endTxn(this.writer.producer, 'abort'));
      });
    } catch (error) {
      // The next writer of the id aborts it, or the broker does when its time is up.
      this.writer.fail(new TelltaleError('EVENT_LOG', 'The last transaction was not aborted.', { cause: error }));
    }
  }

  /** True when it has partitions or offsets. The broker refuses to end a transaction that has none. */
  private get isKnownToTheBroker(): boolean {
    return this.partitions.size > 0 || this.groups.size > 0;
  }

  private async addPartition(connections: Connections, topic: string, partition: number): Promise<void> {
    const name = `${topic}/${partition}`;
    if (this.partitions.has(name)) return;
    const coordinator = await this.coordinator(connections);
    await coordinator.send(addPartitionToTxn(this.writer.producer, topic, partition));
    this.partitions.add(name);
  }

  private coordinator(connections: Connections): Promise<Broker> {
    return connections.coordinator('transaction', this.writer.producer.transactionalId);
  }

  private async sendCommit(connections: Connections, progress: CommitProgress): Promise<void> {
    const coordinator = await this.coordinator(connections);
    progress.sent = true;
    try {
      await coordinator.send(endTxn(this.writer.producer, 'commit'));
    } catch (error) {
      // An answer was lost, or the coordinator could not say whether its own write succeeded.
      if (!(error instanceof BrokerError)) throw unknownOutcome(error);
      if (remedyOf(error) === 'reconnect') progress.unsure = true;
      throw error;
    }
  }

  private commitError(error: unknown, { sent, unsure }: CommitProgress): unknown {
    if (error instanceof TelltaleError && error.code === 'COMMIT_OUTCOME_UNKNOWN') return error;
    if (unsure) return unknownOutcome(error);
    if (isFenced(error)) return error;
    const why = sent ? 'the broker refused to commit it' : 'its commit could not be sent';
    return new TelltaleError('TRANSACTION_ABORTED', `The transaction was not committed: ${why}.`, { cause: error });
  }

  private run<T>(what: string, step: (connections: Connections) => Promise<T>): Promise<T> {
    return this.writer.client.run(what, this.writer.closed, step);
  }

  /** After any error the writer accepts no more. */
  private async attempt(what: string, step: (what: string) => Promise<void>): Promise<void> {
    const attempting = this.checked(what, step);
    this.busy = attempting.catch(() => undefined);
    return attempting;
  }

  private async checked(what: string, step: (what: string) => Promise<void>): Promise<void> {
    const { writer } = this;
    try {
      writer.checkUsable();
      if (!this.isOpen) throw new TelltaleError('CLOSED', `${what}: the transaction is over; begin another.`);
      await step(what);
    } catch (error) {
      const reason = isFenced(error) ? this.fenced(error) : error;
      if (reason instanceof TelltaleError) writer.fail(reason);
      throw reason;
    }
  }

  /** The broker gives the same error to a fenced writer and to one whose transaction took too long. */
  private fenced(cause: unknown): TelltaleError {
    this.isOpen = false;
    const { options, producer } = this.writer;
    const seconds = Math.round((options.clock.now() - this.since) / 1000);
    if (seconds * 1000 >= options.transactionTimeoutMs) {
      const message = `The transaction was open for ${seconds} s, and the broker has aborted it: write in smaller ones.`;
      return new TelltaleError('TRANSACTION_ABORTED', message, { cause });
    }
    const message = `A newer writer of ${producer.transactionalId} was opened: stop this one, or start it over.`;
    return new TelltaleError('FENCED', message, { cause });
  }
}

interface CommitProgress {
  /** The request may have reached the broker. */
  sent: boolean;
  /** The broker may have begun to commit. */
  unsure: boolean;
}

function unknownOutcome(cause: unknown): TelltaleError {
  const message = 'It is unknown whether the transaction was committed: open a new writer and read the log.';
  return new TelltaleError('COMMIT_OUTCOME_UNKNOWN', message, { cause });
}

/**
 * How many records a batch holds.
 * @throws BATCH_TOO_LARGE, CORRUPT_BATCH
 */
function checkBatch(topic: string, batch: Buffer): number {
  if (batch.length > MAX_BATCH_BYTES) {
    const message = `A record batch for ${topic} has ${batch.length} bytes, and ${MAX_BATCH_BYTES} are allowed`;
    throw new TelltaleError('BATCH_TOO_LARGE', `${message}: write smaller batches.`);
  }
  const { baseOffset, lastOffset, count } = batchHeader(batch, crc32c);
  if (baseOffset !== 0 || count === 0 || lastOffset !== count - 1) {
    const message = `A record batch for ${topic} must begin at offset 0 and hold records without gaps between them.`;
    throw new TelltaleError('CORRUPT_BATCH', message);
  }
  return count;
}
