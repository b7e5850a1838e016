import { decodeHeadEnvelope, encodeHeadEnvelope, type HeadEnvelope } from '../src/stream/head-envelope';
import type { Job, Output } from '../src/stream/job';
import type { RecordData } from '../src/records/record-batch';
import { isTelltaleError } from '../src/errors';
import { tell, type ActorContext, type ActorOptions, type ActorRef } from '../src/kit';
import type { Clock } from '../src/ports/clock';
import type { EventLog, EventReader, EventWriter, FetchedBatches, WriterOptions } from '../src/ports/event-log';
import { appendRecords, type Crc32c } from './append';
import { fetchToSelf } from './fetch-to-self';
import { PATIENT, PATIENT_DEADLINE_MS } from './patience';
import type { Drained, JobRunnerMessage } from './protocol';
import { readBatches, readLatest } from './read-latest';

export interface JobRunnerOptions<S> {
  readonly job: Job<S>;
  /** The partition of the outputs; of a job `over: 'partition'` also that of the inputs. */
  readonly partition: number;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
  readonly tickMs: number;
}

/** The consumer group of a job: its offsets, committed with its outputs, show ordinary lag tools where it stands. */
export function groupOf(job: string): string {
  return `telltale-${job}`;
}

/** Declares the writer of a job's output partition. */
export function jobWriter(job: WritingJob, partition: number): WriterOptions {
  const [inputs, outputs] = [job.inputs.map(({ topic }) => topic), job.outputs.map(({ name }) => name)];
  return {
    id: `telltale-${job.name}-${partition}`,
    reads: [...inputs, 'state', ...outputs],
    writes: [...outputs, 'state'],
  };
}

interface WritingJob {
  readonly name: string;
  readonly inputs: readonly { readonly topic: string }[];
  readonly outputs: readonly { readonly name: string }[];
}

const FETCH = { maxBytes: 4 * 1024 * 1024, waitMs: 5_000 };

interface State<S> {
  readonly fold: S;
  readonly writer: EventWriter;
  readonly inputs: readonly InputPartition[];
  /** The job's head as of its last flush. */
  head: Buffer | null;
  /** When the oldest unwritten batch was folded (epoch milliseconds); null when all are written. */
  dirtySince: number | null;
  finishing: ActorRef<Drained> | null;
  drained: boolean;
}

interface InputPartition {
  readonly topic: string;
  readonly partition: number;
  readonly reader: EventReader;
  /** The next offset to fold. */
  position: number;
  /** End of the partition as of the last fetch, or of the look taken when finishing. */
  end: number;
}

/**
 * Runs one job over its partitions: restores its state, seeks, folds, and writes outputs, head, positions and group
 * offsets in one transaction: as soon as the input is read to its end, under load every `flushIntervalMs`.
 *
 * Every error is a crash, and the restart is the same as a first start: fence, read own output to its end, read the
 * head, seek. Only FENCED is final: somebody else runs this job now.
 */
export function jobRunner<S>(name: string, options: JobRunnerOptions<S>): ActorOptions<JobRunnerMessage, State<S>> {
  const { job } = options;
  return {
    name,
    deadlineMs: PATIENT_DEADLINE_MS,
    supervision: PATIENT,
    initialState: async (context) => {
      const state = await restore(options, context);
      for (const input of state.inputs) fetchNext(state, input, context);
      context.scheduleOnce(options.tickMs, { type: 'tick' });
      return state;
    },
    receive: async (state, message, context) => {
      try {
        switch (message.type) {
          case 'fetched': {
            const input = state.inputs[message.input];
            if (state.drained || input === undefined) break;
            fold(state, job, input, message.fetched, options.clock);
            if (atEnd(state)) await writeAtEnd(state, options);
            else if (overdue(state, options)) await write(state, options);
            fetchNext(state, input, context);
            break;
          }
          case 'fetchFailed':
            throw message.error;
          case 'tick':
            if (state.drained) break;
            if (atEnd(state)) await writeAtEnd(state, options);
            context.scheduleOnce(options.tickMs, message);
            break;
          case 'finish':
            state.finishing = message.replyTo;
            for (const input of state.inputs) {
              input.end = (await options.log.offsets(input.topic, input.partition)).end;
            }
            if (atEnd(state)) await writeAtEnd(state, options);
            break;
          case 'drain':
            if (!state.drained) await write(state, options);
            state.drained = true;
            tell(message.replyTo, { type: 'drained' });
            break;
        }
      } catch (error) {
        if (!isTelltaleError(error, 'FENCED')) throw error;
        context.log.warn('somebody else runs this job now: stopping here');
        context.stopSelf();
      }
      return state;
    },
    afterStop: async (state) => {
      for (const { reader } of state.inputs) await reader.close();
      await state.writer.close();
    },
  };
}

async function restore<S>(options: JobRunnerOptions<S>, context: ActorContext<JobRunnerMessage>): Promise<State<S>> {
  const { job, log } = options;
  const writer = await log.openWriter(jobWriter(job, options.partition));
  const envelope = await readHead(options);
  const head = envelope?.head ?? null;
  const fold = job.open(head);
  const inputs: InputPartition[] = [];
  for (const { topic, partition } of inputsOf(options)) {
    inputs.push(await openInput(log, topic, partition, positionIn(envelope, topic, partition), context));
  }
  for (const { topic, partition = options.partition, from } of job.restoreRanges(fold)) {
    const isInput = job.inputs.some((input) => input.topic === topic);
    const to = isInput ? positionIn(envelope, topic, partition) : (await log.offsets(topic, partition)).end;
    const range = { topic, partition, from, to };
    await readBatches(log, range, (batch, startOffset) => job.restore(fold, range, batch, startOffset));
  }
  return { fold, writer, inputs, head, dirtySince: null, finishing: null, drained: false };
}

async function readHead<S>(options: JobRunnerOptions<S>): Promise<HeadEnvelope | null> {
  const key = headKeyOf(options);
  const values: (Buffer | null)[] = [];
  await readLatest(options.log, { topic: 'state', partition: 0, from: 0 }, (record) => {
    if (record.key?.toString('utf8') === key) values[0] = record.value;
  });
  const value = values[0] ?? null;
  return value === null ? null : decodeHeadEnvelope(value, key, options.job.inputs);
}

function headKeyOf<S>({ job, partition }: JobRunnerOptions<S>): string {
  return `${job.name}/${partition}`;
}

function inputsOf<S>({ job, partition }: JobRunnerOptions<S>): { topic: string; partition: number }[] {
  return job.inputs.flatMap(({ topic, partitions }) =>
    job.over === 'partition'
      ? [{ topic, partition }]
      : Array.from({ length: partitions }, (_, each) => ({ topic, partition: each })),
  );
}

function positionIn(envelope: HeadEnvelope | null, topic: string, partition: number): number {
  const known = envelope?.positions.find((one) => one.topic === topic && one.partition === partition);
  return known?.offset ?? 0;
}

async function openInput(
  log: EventLog,
  topic: string,
  partition: number,
  wanted: number,
  context: ActorContext<JobRunnerMessage>,
): Promise<InputPartition> {
  const { start, end } = await log.offsets(topic, partition);
  const position = Math.max(wanted, start);
  if (wanted > 0 && position > wanted) {
    context.log.error('records were deleted before they were folded', { topic, partition, wanted, start });
  }
  return { topic, partition, reader: log.openReader(topic, partition, position), position, end };
}

function fetchNext<S>(state: State<S>, input: InputPartition, context: ActorContext<JobRunnerMessage>): void {
  if (state.drained) return;
  const index = state.inputs.indexOf(input);
  fetchToSelf<JobRunnerMessage>(
    input.reader,
    FETCH,
    {
      fetched: (fetched) => ({ type: 'fetched', input: index, fetched }),
      failed: (error) => ({ type: 'fetchFailed', error }),
    },
    context,
  );
}

function fold<S>(state: State<S>, job: Job<S>, input: InputPartition, fetched: FetchedBatches, clock: Clock): void {
  const { topic, partition } = input;
  for (const batch of fetched.batches) {
    job.step(state.fold, { type: 'batch', topic, partition, batch, startOffset: fetched.from });
  }
  if (fetched.batches.length > 0) state.dirtySince ??= clock.now();
  input.position = fetched.next;
  input.end = Math.max(input.end, fetched.end);
}

function atEnd<S>({ inputs }: State<S>): boolean {
  return inputs.every(({ position, end }) => position >= end);
}

function overdue<S>({ dirtySince }: State<S>, { job, clock }: JobRunnerOptions<S>): boolean {
  return dirtySince !== null && clock.now() - dirtySince >= job.flushIntervalMs;
}

/** At the end of the input it is now: a tick, or the end of everything. */
async function writeAtEnd<S>(state: State<S>, options: JobRunnerOptions<S>): Promise<void> {
  const { finishing } = state;
  options.job.step(state.fold, finishing === null ? { type: 'tick', now: options.clock.now() } : { type: 'end' });
  await write(state, options);
  if (finishing === null) return;
  state.finishing = null;
  state.drained = true;
  tell(finishing, { type: 'drained' });
}

/** Writes when a batch was folded, or when time alone made outputs or a new head. */
async function write<S>(state: State<S>, options: JobRunnerOptions<S>): Promise<void> {
  const { job, partition, crc32c, clock } = options;
  const { outputs, head } = job.flush(state.fold);
  if (state.dirtySince === null && outputs.length === 0 && head === null) return;
  state.dirtySince = null;
  state.head = head ?? state.head;
  const transaction = state.writer.begin();
  for (const [topic, records] of byTopic(outputs)) {
    await appendRecords(transaction, { topic, partition }, records, crc32c);
  }
  const value = encodeHeadEnvelope({
    definition: job.definition,
    positions: state.inputs.map((input) => ({
      topic: input.topic,
      partition: input.partition,
      offset: input.position,
    })),
    head: state.head,
  });
  const headRecord = { key: Buffer.from(headKeyOf(options)), value, headers: [], timestamp: clock.now() };
  await appendRecords(transaction, { topic: 'state', partition: 0 }, [headRecord], crc32c);
  for (const input of state.inputs) {
    await transaction.commitOffset(groupOf(job.name), input.topic, input.partition, input.position);
  }
  await transaction.commit();
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
