import {
  checkDefinition,
  checkPosition,
  positionIn,
  refuseDamaged,
  refuseUnreadable,
  type DamagedPlace,
} from '../src/stream/continue-from';
import { encodeQuarantinedBatch } from '../src/ingestion/quarantine';
import { decodeHeadEnvelope, encodeHeadEnvelope, type HeadEnvelope, type Position } from '../src/stream/head-envelope';
import type { Job, Output } from '../src/stream/job';
import { jobPositionRecord } from '../src/stream/progress';
import { PROGRESS } from '../src/stream/topics';
import { batchHeader, faultIn, type RecordData } from '../src/records/record-batch';
import { isTelltaleError } from '../src/errors';
import type { Clock } from '../src/ports/clock';
import type {
  EventLog,
  EventReader,
  EventTransaction,
  EventWriter,
  FetchedBatches,
  WriterOptions,
} from '../src/ports/event-log';
import type { Trace } from '../src/trace';
import { appendRecords, type Crc32c } from './append';
import { readBatches, readLatest } from './read-latest';

export interface JobRunOptions<S> {
  readonly job: Job<S>;
  /** The partition of the outputs; of a job `over: 'partition'` also that of the inputs. */
  readonly partition: number;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
}

/** The consumer group of a job: its offsets, committed with its outputs, show ordinary lag tools where it stands. */
export function consumerGroupOf(job: string): string {
  return `telltale-${job}`;
}

/** Declares the writer of a job's output partition. */
export function jobWriter({ name, inputs, outputs, tellsProgress }: WritingJob, partition: number): WriterOptions {
  const written = outputs.map((output) => output.name);
  return {
    id: `telltale-${name}-${partition}`,
    reads: [...inputs.map(({ topic }) => topic), 'state', ...written],
    writes: [...written, 'state', 'quarantine', ...(tellsProgress === true ? [PROGRESS] : [])],
  };
}

interface WritingJob {
  readonly name: string;
  readonly inputs: readonly { readonly topic: string }[];
  readonly outputs: readonly { readonly name: string }[];
  readonly tellsProgress?: boolean;
}

export interface InputPartition {
  readonly topic: string;
  readonly partition: number;
  readonly reader: EventReader;
  /** The next offset to fold. */
  position: number;
  /** End of the partition, as last known. */
  end: number;
}

/**
 * One job on its partitions, from opening its writer until the writer is fenced, fails or is closed. After an error, close
 * the run and start another.
 */
export class JobRun<S> {
  /** When the oldest unwritten batch was folded (epoch milliseconds); null when all are written. */
  private dirtySince: number | null = null;
  private ended = false;
  /** The positions that topic `progress` has, as text; null before the first write. */
  private told: string | null = null;
  /** Batches of the input that could not be read since the last write. */
  private quarantined: DamagedPlace[] = [];

  private constructor(
    private readonly options: JobRunOptions<S>,
    private readonly writer: EventWriter,
    private readonly trace: Trace,
    readonly inputs: readonly InputPartition[],
    private readonly state: S,
    /** The job's head as of its last flush. */
    private head: Buffer | null,
    private readonly without: readonly Position[],
  ) {}

  /**
   * Fences the previous run, in whichever process, and restores its last commit (`single-owner`).
   * @throws RESET_NEEDED, EVENT_LOG_DAMAGED
   */
  static async start<S>(options: JobRunOptions<S>, trace: Trace): Promise<JobRun<S>> {
    const { job } = options;
    const writer = await options.log.openWriter(jobWriter(job, options.partition));
    const inputs: InputPartition[] = [];
    try {
      const envelope = await readHead(options);
      checkDefinition(job, envelope);
      for (const { topic, partition } of inputPartitionsOf(job, options.partition)) {
        inputs.push(await openInput(options, topic, partition, positionIn(envelope, topic, partition), trace));
      }
      const head = envelope?.head ?? null;
      const state = job.open(head);
      const without = await restore(options, state, envelope, trace);
      return new JobRun(options, writer, trace, inputs, state, head, without);
    } catch (error) {
      await close(writer, inputs);
      throw error;
    }
  }

  get isAtEnd(): boolean {
    return this.inputs.every(({ position, end }) => position >= end);
  }

  /** True after `end`. */
  get hasEnded(): boolean {
    return this.ended;
  }

  get isOverdue(): boolean {
    const { job, clock } = this.options;
    return this.dirtySince !== null && clock.now() - this.dirtySince >= job.flushIntervalMs;
  }

  /** Folds the readable batches. A batch that cannot goes to quarantine with the next write. */
  fold(input: InputPartition, { batches, unreadable, from, next, end }: FetchedBatches): void {
    for (const batch of batches) this.foldBatch(input, batch, from);
    for (const place of unreadable) this.quarantine(input, place);
    if (batches.length + unreadable.length > 0) this.dirtySince ??= this.options.clock.now();
    input.position = next;
    input.end = Math.max(input.end, end);
  }

  /** Its checksum is right; another writer may still have encoded its records wrongly. A job decodes before it changes. */
  private foldBatch({ topic, partition }: InputPartition, batch: Buffer, startOffset: number): void {
    try {
      this.options.job.step(this.state, { type: 'batch', topic, partition, batch, startOffset });
    } catch (error) {
      const problem = faultIn(error);
      const { baseOffset, lastOffset } = batchHeader(batch);
      this.quarantine({ topic, partition }, { from: Math.max(startOffset, baseOffset), next: lastOffset + 1, problem });
    }
  }

  private quarantine(
    { topic, partition }: Pick<InputPartition, 'topic' | 'partition'>,
    { from, next, problem }: Pick<DamagedPlace, 'from' | 'next' | 'problem'>,
  ): void {
    const place = { topic, partition, from, next, problem };
    this.quarantined.push(place);
    this.trace('batchUnreadable', { reason: topic, job: this.options.job.name, ...place });
  }

  /** Tells the job the time. Call it when the input is read to its end: until then, time is that of the records. */
  tick(): void {
    this.options.job.step(this.state, { type: 'tick', now: this.options.clock.now() });
  }

  /** No more input will ever come. */
  end(): void {
    this.ended = true;
    this.options.job.step(this.state, { type: 'end' });
  }

  /** Asks where the input ends now. */
  async lookForEnds(): Promise<void> {
    for (const input of this.inputs) input.end = (await this.options.log.offsets(input.topic, input.partition)).end;
  }

  /** Writes if a batch was folded, or if time alone produced outputs or a new head (`one-transaction`). */
  async write(): Promise<void> {
    const { job, partition, crc32c, clock } = this.options;
    const { outputs, head, unreadable = [], suppressed = 0, unmatched = [], doubts = [] } = job.flush(this.state);
    for (const { topic, partition: of, offset, count } of unreadable) {
      this.trace('recordUnreadable', { reason: topic, job: job.name, topic, partition: of, offset, amount: count });
    }
    for (const { reason, now, tick } of doubts) {
      const times = { now: new Date(now).toISOString(), clock: new Date(tick).toISOString() };
      this.trace('clockDoubted', { reason, job: job.name, partition, ...times });
    }
    for (const { rule, glob } of unmatched)
      this.trace('ruleWithoutHosts', { reason: job.name, job: job.name, rule, glob });
    if (suppressed > 0) this.trace('messageSuppressed', { reason: job.name, job: job.name, amount: suppressed });
    const progress = this.progress();
    const isNews = progress !== null && this.isAtEnd;
    if (this.dirtySince === null && outputs.length === 0 && head === null && !isNews) return;
    this.dirtySince = null;
    this.head = head ?? this.head;
    const transaction = this.writer.begin();
    for (const [topic, records] of byTopic(outputs.map((output) => this.withWriteTime(output)))) {
      await appendRecords(transaction, { topic, partition }, records, crc32c);
    }
    await this.writeQuarantined(transaction);
    if (progress !== null) await appendRecords(transaction, { topic: PROGRESS, partition }, [progress], crc32c);
    const value = encodeHeadEnvelope({
      definition: job.definition,
      positions: this.inputs.map(({ topic, partition: of, position }) => ({ topic, partition: of, offset: position })),
      head: this.head,
      without: this.without,
    });
    const headRecord = { key: Buffer.from(headKey(job, partition)), value, headers: [], timestamp: clock.now() };
    await appendRecords(transaction, { topic: 'state', partition: 0 }, [headRecord], crc32c);
    for (const input of this.inputs) {
      await transaction.commitOffset(consumerGroupOf(job.name), input.topic, input.partition, input.position);
    }
    await transaction.commit();
    if (progress !== null) this.told = progress.value?.toString('utf8') ?? null;
  }

  /** Its positions, when topic `progress` has other ones. */
  private progress(): RecordData | null {
    const { job, partition, clock } = this.options;
    if (job.tellsProgress !== true) return null;
    const positions = this.inputs.map(({ topic, partition: of, position }) => ({
      topic,
      partition: of,
      offset: position,
    }));
    const record = jobPositionRecord(headKey(job, partition), positions, clock.now());
    return record.value?.toString('utf8') === this.told ? null : { ...record, headers: [] };
  }

  private async writeQuarantined(transaction: EventTransaction): Promise<void> {
    const { job, clock, crc32c } = this.options;
    const records = this.quarantined.map(({ problem, ...place }) => ({
      ...encodeQuarantinedBatch({ v: 1, ...place, job: job.name, detail: problem }),
      headers: [],
      timestamp: clock.now(),
    }));
    this.quarantined = [];
    await appendRecords(transaction, { topic: 'quarantine', partition: 0 }, records, crc32c);
  }

  /**
   * Gives an output the time of writing, unless the job restores itself from it: retention must not delete a mail about old
   * lines before it is sent.
   */
  private withWriteTime(output: Output): Output {
    const { job, clock } = this.options;
    if (job.stateTopics.includes(output.topic)) return output;
    return { ...output, timestamp: Math.max(output.timestamp, clock.now()) };
  }

  close(): Promise<void> {
    return close(this.writer, this.inputs);
  }
}

async function close(writer: EventWriter, inputs: readonly InputPartition[]): Promise<void> {
  for (const { reader } of inputs) await reader.close();
  await writer.close();
}

/** @throws EVENT_LOG_DAMAGED when a batch that may hold its newest head cannot be read */
async function readHead<S>({ job, partition, log }: JobRunOptions<S>): Promise<HeadEnvelope | null> {
  const key = headKey(job, partition);
  const newest: { offset: number; value: Buffer | null } = { offset: -1, value: null };
  const damaged: DamagedPlace[] = [];
  await readLatest(
    log,
    { topic: 'state', partition: 0, from: 0 },
    (record) => {
      if (record.key?.toString('utf8') === key) Object.assign(newest, { offset: record.offset, value: record.value });
    },
    (place) => {
      const isOthers = place.key !== null && place.key.toString('utf8') !== key;
      if (!isOthers) damaged.push({ topic: 'state', partition: 0, ...place });
    },
  );
  const [place] = damaged.filter(({ next }) => next > newest.offset);
  if (place !== undefined) refuseDamaged(job.name, place);
  const { value } = newest;
  return value === null ? null : decodeHeadEnvelope(value, key, job.inputs);
}

/** The key of a head in topic `state`. */
export function headKey({ name }: { readonly name: string }, partition: number): string {
  return `${name}/${partition}`;
}

/** The input partitions of the runner of an output partition. */
export function inputPartitionsOf(
  job: Pick<Job<never>, 'inputs' | 'over'>,
  partition: number,
): { topic: string; partition: number }[] {
  return job.inputs.flatMap(({ topic, partitions }) =>
    job.over === 'partition'
      ? [{ topic, partition }]
      : Array.from({ length: partitions }, (_, each) => ({ topic, partition: each })),
  );
}

async function openInput<S>(
  { job, log }: JobRunOptions<S>,
  topic: string,
  partition: number,
  wanted: number,
  trace: Trace,
): Promise<InputPartition> {
  const { start, end } = await log.offsets(topic, partition);
  checkPosition(job, { topic, partition, offset: wanted }, end);
  const position = Math.max(wanted, start);
  if (position > wanted) {
    const reason = wanted === 0 ? 'before the first fold' : 'while it was behind';
    trace('recordsLost', { reason, job: job.name, topic, partition, wanted, start, amount: position - wanted });
  }
  return { topic, partition, reader: log.openReader(topic, partition, position), position, end };
}

/** @returns the damaged batches of the job's own state that it does without */
async function restore<S>(
  options: JobRunOptions<S>,
  state: S,
  envelope: HeadEnvelope | null,
  trace: Trace,
): Promise<readonly Position[]> {
  const { job, log } = options;
  const without: Position[] = [];
  for (const { topic, partition = options.partition, from } of job.restoreRanges(state)) {
    const isInput = job.inputs.some((input) => input.topic === topic);
    const to = isInput ? positionIn(envelope, topic, partition) : (await log.offsets(topic, partition)).end;
    const range = { topic, partition, from, to };
    const onBatch = (batch: Buffer, startOffset: number): void => {
      try {
        job.restore(state, range, batch, startOffset);
      } catch (error) {
        if (!isTelltaleError(error, 'CORRUPT_BATCH')) throw error;
        if (!isInput) refuseUnreadable(job.name, { topic, partition, offset: startOffset }, error);
      }
    };
    await readBatches(log, range, onBatch, (damaged) => {
      const place = { topic, partition, ...damaged };
      // Left out of the input as it is left out when it is folded.
      if (!isInput && !isGivenUp(job, envelope, place)) refuseDamaged(job.name, place);
      trace('batchUnreadable', { reason: topic, job: job.name, topic, partition, from: place.from, next: place.next });
      if (!isInput) without.push({ topic, partition, offset: place.next });
    });
  }
  return without;
}

/** True when the job was reset after the damage: it started over without this batch. */
function isGivenUp(
  { stateTopics }: Pick<Job<never>, 'stateTopics'>,
  envelope: HeadEnvelope | null,
  { topic, partition, next }: DamagedPlace,
): boolean {
  if (!stateTopics.includes(topic)) return false;
  return (
    envelope === null ||
    envelope.without?.some((one) => one.topic === topic && one.partition === partition && one.offset === next) === true
  );
}

function byTopic(outputs: readonly Output[]): Map<string, RecordData[]> {
  const topics = new Map<string, RecordData[]>();
  for (const { topic, key, value, timestamp } of outputs) {
    const records = topics.get(topic) ?? [];
    topics.set(topic, records);
    records.push({ key, value, timestamp, headers: [] });
  }
  return topics;
}
