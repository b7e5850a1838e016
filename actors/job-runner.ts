import type { Job, OutputRecord } from '../src/stream/job';
import type { RecordData } from '../src/records/record-batch';
import { isTelltaleError } from '../src/errors';
import { tell, type ActorContext, type ActorOptions, type ActorRef } from '../src/kit';
import type { Clock } from '../src/ports/clock';
import type { EventLog, EventReader, EventWriter, FetchedBatches } from '../src/ports/event-log';
import { appendRecords, type Crc32c } from './append';
import { fetchToSelf } from './fetch-to-self';
import { PATIENT, PATIENT_DEADLINE_MS } from './patience';
import type { Drained, JobRunnerMessage } from './protocol';
import { readBatches, readLatest } from './read-latest';

export interface JobRunnerOptions<S> {
  readonly job: Job<S>;
  /** The input partitions that this runner folds. */
  readonly partitions: readonly number[];
  /** Where outputs go; the head record's key is `<job>/<outputPartition>`. */
  readonly outputPartition: number;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
  readonly tickMs: number;
  /** Under load, what is folded is written at the latest after this long. */
  readonly maxUnwrittenMs: number;
}

/** The consumer group of a job: its offsets, committed with its outputs, show ordinary lag tools where it stands. */
export function groupOf(job: Job<unknown>['name']): string {
  return `telltale-${job}`;
}

const FETCH = { maxBytes: 4 * 1024 * 1024, waitMs: 5_000 };

interface State<S> {
  readonly fold: S;
  readonly writer: EventWriter;
  readonly inputs: Map<number, Input>;
  /** When the oldest batch was folded that is not written yet (epoch milliseconds); null when all is written. */
  unwrittenSince: number | null;
  finishing: ActorRef<Drained> | null;
  drained: boolean;
}

interface Input {
  readonly reader: EventReader;
  position: number;
  /** End of the partition as of the last fetch, or of the look taken when finishing. */
  end: number;
}

/**
 * Runs one job over its partitions: restores its state, seeks, folds, and writes outputs, head and group offsets in one
 * transaction: as soon as the input is drained, under load every few seconds.
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
      for (const partition of state.inputs.keys()) fetchNext(state, partition, context);
      context.scheduleOnce(options.tickMs, { type: 'tick' });
      return state;
    },
    receive: async (state, message, context) => {
      try {
        switch (message.type) {
          case 'fetched':
            if (state.drained) break;
            fold(state, job, message.partition, message.fetched, options.clock);
            if (atEnd(state)) await writeAtEnd(state, options);
            else if (overdue(state, options)) await write(state, options);
            fetchNext(state, message.partition, context);
            break;
          case 'fetchFailed':
            throw message.error;
          case 'tick':
            if (state.drained) break;
            if (atEnd(state)) await writeAtEnd(state, options);
            context.scheduleOnce(options.tickMs, message);
            break;
          case 'finish':
            state.finishing = message.replyTo;
            for (const [partition, input] of state.inputs) {
              input.end = (await options.log.offsets(job.input, partition)).end;
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
      for (const { reader } of state.inputs.values()) await reader.close();
      await state.writer.close();
    },
  };
}

async function restore<S>(options: JobRunnerOptions<S>, context: ActorContext<JobRunnerMessage>): Promise<State<S>> {
  const { job, log } = options;
  const headKey = headKeyOf(options);
  const writer = await log.openWriter(`telltale-${headKey.replace('/', '-')}`);
  let head: Buffer | null = null;
  await readLatest(log, { topic: 'state', partition: 0, from: 0 }, (record) => {
    if (record.key?.toString('utf8') === headKey) head = record.value;
  });
  const state = job.open(head);
  for (const recall of job.recalls(state)) {
    await readBatches(log, recall, (batch, firstWanted) => job.recall(state, recall, batch, firstWanted));
  }
  const inputs = new Map<number, Input>();
  for (const partition of options.partitions) {
    const { start, end } = await log.offsets(job.input, partition);
    const wanted = job.position(state, partition);
    const position = Math.max(wanted, start);
    if (wanted > 0 && position > wanted) {
      context.log.error('records were deleted before they were folded', { topic: job.input, partition, wanted, start });
    }
    inputs.set(partition, { reader: log.openReader(job.input, partition, position), position, end });
  }
  return { fold: state, writer, inputs, unwrittenSince: null, finishing: null, drained: false };
}

function headKeyOf<S>(options: JobRunnerOptions<S>): string {
  return `${options.job.name}/${options.outputPartition}`;
}

function fetchNext<S>(state: State<S>, partition: number, context: ActorContext<JobRunnerMessage>): void {
  const input = state.inputs.get(partition);
  if (input === undefined || state.drained) return;
  fetchToSelf<JobRunnerMessage>(
    input.reader,
    FETCH,
    {
      fetched: (fetched) => ({ type: 'fetched', partition, fetched }),
      failed: (error) => ({ type: 'fetchFailed', partition, error }),
    },
    context,
  );
}

function fold<S>(state: State<S>, job: Job<S>, partition: number, fetched: FetchedBatches, clock: Clock): void {
  const input = state.inputs.get(partition);
  if (input === undefined) return;
  for (const batch of fetched.batches) {
    job.step(state.fold, { type: 'batch', partition, batch, firstWanted: fetched.from });
  }
  if (fetched.batches.length > 0) state.unwrittenSince ??= clock.now();
  input.position = fetched.next;
  input.end = Math.max(input.end, fetched.end);
}

function atEnd<S>(state: State<S>): boolean {
  for (const input of state.inputs.values()) if (input.position < input.end) return false;
  return true;
}

function overdue<S>(state: State<S>, options: JobRunnerOptions<S>): boolean {
  return state.unwrittenSince !== null && options.clock.now() - state.unwrittenSince >= options.maxUnwrittenMs;
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

async function write<S>(state: State<S>, options: JobRunnerOptions<S>): Promise<void> {
  const { job, outputPartition, crc32c } = options;
  const { outputs, head } = job.drain(state.fold);
  state.unwrittenSince = null;
  if (head === null) return;
  const transaction = state.writer.begin();
  await appendRecords(transaction, { topic: job.output, partition: outputPartition }, outputs.map(toRecord), crc32c);
  const headRecord = { key: Buffer.from(headKeyOf(options)), value: head, headers: [], timestamp: options.clock.now() };
  await appendRecords(transaction, { topic: 'state', partition: 0 }, [headRecord], crc32c);
  for (const [partition, { position }] of state.inputs) {
    await transaction.commitOffset(groupOf(job.name), job.input, partition, position);
  }
  await transaction.commit();
}

function toRecord(output: OutputRecord): RecordData {
  return { ...output, headers: [] };
}
