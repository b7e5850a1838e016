import { TelltaleError } from '../../errors';
import type { EventReader, FetchedBatches } from '../../ports/event-log';
import { fetch, type Fetched } from './api/fetch';
import { committedBatches, firstBaseOffset } from './batches';
import type { KafkaClient } from './client';
import { offsetAfterDamage } from './damage';
import { isBrokerError } from './errors';
import type { FetchClients } from './fetch-clients';
import type { KafkaEventLogOptions } from './options';
import type { Call, Waiting } from '../waiting';

/** How often to check a partition that has not reached the wanted offset. */
const SHORT_OF_OFFSET_MS = 50;

/** A broker looks every 10 s for transactions that are open for too long. */
const ABORTED_WITHIN_MS = 20_000;

/** State that the readers of one event log share. */
export interface ReaderParts {
  readonly options: KafkaEventLogOptions;
  readonly clients: FetchClients;
  /** Aborted when the event log is closed. */
  readonly closed: AbortSignal;
  readonly waiting: Waiting;
  readonly offsets: (topic: string, partition: number) => Promise<{ start: number; end: number }>;
}

/** Reads one partition of committed record batches. */
export class KafkaReader implements EventReader {
  private readonly name: string;
  private readonly closing = new AbortController();
  private readonly closed: AbortSignal;
  /** End of the partition as of the last fetch. */
  private end = Infinity;
  /** True when the partition was seen to contain all before `position`. */
  private wasReached = false;
  /** The wait for records that are there and do not come; null while there is none. */
  private stall: { readonly since: number; call: Call | null } | null = null;

  constructor(
    private readonly topic: string,
    private readonly partition: number,
    private position: number,
    private readonly parts: ReaderParts,
  ) {
    this.name = `${topic}/${partition}`;
    this.closed = AbortSignal.any([this.closing.signal, parts.closed]);
  }

  async fetch(maxBytes: number, waitMs: number): Promise<FetchedBatches> {
    const over = performance.now() + waitMs;
    for (;;) {
      const left = Math.max(0, Math.ceil(over - performance.now()));
      // Before the end there are records or a gap: the broker need not wait for more.
      const fetched = await this.take(maxBytes, this.position < this.end ? 0 : left);
      this.position = fetched.next;
      this.end = fetched.end;
      this.wasReached ||= fetched.end >= fetched.next;
      if (fetched.next > fetched.from || left === 0) return fetched;
    }
  }

  close(): Promise<void> {
    this.closing.abort();
    this.progress();
    return Promise.resolve();
  }

  private async take(maxBytes: number, waitMs: number): Promise<FetchedBatches> {
    const client = this.parts.clients.take();
    try {
      return await this.request(client, maxBytes, waitMs);
    } catch (error) {
      if (this.closed.aborted || !isBrokerError(error, 'OFFSET_OUT_OF_RANGE')) throw error;
      return await this.outOfRange(waitMs);
    } finally {
      this.parts.clients.giveBack(client);
    }
  }

  private async request(client: KafkaClient, maxBytes: number, waitMs: number): Promise<FetchedBatches> {
    const { position: from } = this;
    const answer = await this.send(client, { offset: from, maxBytes, waitMs });
    const { batches, unreadable, next, fault } = await committedBatches(answer.records, answer.aborted, from);
    const end = answer.lastStableOffset;
    if (next !== null || fault !== null) this.progress();
    if (next !== null) return { batches, unreadable, from, next: Math.max(from, next), end: Math.max(end, next) };
    if (fault !== null) return this.afterDamage(client, { from, end, problem: fault });
    // An empty answer before the end: compaction removed everything up to the end.
    const isGap = answer.records.length === 0 && !answer.throttled;
    const upTo = isGap ? Math.max(from, end) : from;
    if (upTo === from && answer.records.length === 0 && answer.highWatermark > from) this.noteStall(answer);
    else this.progress();
    return { batches, unreadable, from, next: upTo, end };
  }

  /**
   * The partition holds more records, and the broker gives none: a transaction before them is open. Those of Telltale end
   * within their timeout; one of another program, or one that the broker has lost track of, may never end.
   */
  private noteStall({ highWatermark, throttled }: Fetched): void {
    const { transactionTimeoutMs } = this.parts.options;
    this.stall ??= { since: performance.now(), call: null };
    if (performance.now() - this.stall.since < transactionTimeoutMs + ABORTED_WITHIN_MS) return;
    const { name, position } = this;
    this.stall.call ??= this.parts.waiting.begin(`Cannot read ${name}`);
    this.stall.call.failure = throttled
      ? 'the brokers hold every answer back because of a quota; raise it.'
      : `a transaction holds back the records from offset ${position} to ${highWatermark}: ` +
        'find it with kafka-transactions.sh find-hanging, and abort it.';
  }

  private progress(): void {
    const call = this.stall?.call ?? null;
    if (call !== null) this.parts.waiting.end(call);
    this.stall = null;
  }

  private send(
    client: KafkaClient,
    wanted: { readonly offset: number; readonly maxBytes: number; readonly waitMs: number },
  ): Promise<Fetched> {
    const { topic, partition } = this;
    return client.run(`Cannot read ${this.name}`, this.closed, async (connections) => {
      const leader = await connections.leader(topic, partition);
      return leader.send(fetch({ topic, partition, ...wanted }));
    });
  }

  /** The batch at `from` is damaged: finds where the next one begins. */
  private async afterDamage(
    client: KafkaClient,
    { from, end, problem }: { readonly from: number; readonly end: number; readonly problem: string },
  ): Promise<FetchedBatches> {
    const next = await offsetAfterDamage(from, end, async (offset) => {
      // One batch, however little is asked for.
      const { records } = await this.send(client, { offset, maxBytes: 1, waitMs: 0 });
      return firstBaseOffset(records);
    });
    const unreadable = next > from ? [{ from, next, problem, key: null }] : [];
    return { batches: [], unreadable, from, next: Math.max(from, next), end };
  }

  /** Kafka gives the same error for an offset before the start and for one after the end. */
  private async outOfRange(waitMs: number): Promise<FetchedBatches> {
    const from = this.position;
    const { start, end } = await this.parts.offsets(this.topic, this.partition);
    if (from < start) {
      const message = `Offset ${from} of ${this.name} was deleted by retention: the first kept is ${start}.`;
      throw new TelltaleError('OFFSET_OUT_OF_RANGE', message);
    }
    if (this.wasReached && from > end) {
      const message =
        `${this.name} was read up to offset ${from} and ends at ${end} now: ` +
        'the topic was created again, or has lost records.';
      throw new TelltaleError('OFFSET_OUT_OF_RANGE', message);
    }
    await this.parts.options.clock.sleep(Math.min(waitMs, SHORT_OF_OFFSET_MS), this.closed);
    return { batches: [], unreadable: [], from, next: from, end };
  }
}
