import type { Counters } from '../src/counters';
import { createTrace, type Trace } from '../src/trace';
import { encodeLines } from '../src/lines/log-records';
import type { Checkpoint } from '../src/ingestion/checkpoint';
import { encodeQuarantine } from '../src/ingestion/quarantine';
import { topicProblem } from '../src/ingestion/line-topics';
import { partitionOf } from '../src/ingestion/origin';
import type { SourceId } from '../src/ingestion/source-id';
import { isTelltaleError, TelltaleError } from '../src/errors';
import { tell, type ActorContext, type ActorOptions, type ActorRef } from '../src/kit';
import type { Clock } from '../src/ports/clock';
import type { EventLog, EventTransaction, EventWriter } from '../src/ports/event-log';
import { appendRecords, type Crc32c } from './append';
import { bucketRecordOf, CheckpointShelf, recordOf, type CheckpointRecord } from './checkpoint-shelf';
import type { LogReaderMessage, Publish, PublisherMessage, Standing } from './protocol';
import { PATIENT_DEADLINE_MS } from './patience';
import { readCheckpoints } from './read-checkpoints';

export interface PublisherOptions {
  readonly name: string;
  /** Stable: a second instance with the same id fences this one (rule 10). */
  readonly transactionalId: string;
  readonly partitions: number;
  /** Topics that lines may go to: the inputs of the pipelines. */
  readonly lineTopics: readonly string[];
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
  readonly counters: Counters;
}

/** A transaction is committed at the latest when it is this old or holds this much, even while readers have more. */
const MAX_TRANSACTION_MS = 1_000;
const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024;

export function publisherTopics(lineTopics: readonly string[]): {
  reads: readonly string[];
  writes: readonly string[];
} {
  return { reads: ['checkpoints'], writes: [...lineTopics, 'checkpoints', 'quarantine'] };
}

interface State {
  readonly writer: EventWriter;
  readonly epoch: number;
  /** What the event log holds for certain. */
  readonly committed: CheckpointShelf;
  /** Sources that are blocked, and why: reading them could lose or repeat lines. */
  readonly refused: ReadonlyMap<SourceId, string>;
  open: Open | null;
  /** Number of publishes taken, to see whether anything came after a `commit` was told. */
  taken: number;
}

/** The open transaction: steps by source, each with the newest checkpoint. */
interface Open {
  readonly transaction: EventTransaction;
  readonly since: number;
  readonly steps: Map<SourceId, { checkpoint: Checkpoint; replyTo: ActorRef<LogReaderMessage> }>;
  bytes: number;
}

/**
 * Writes lines and checkpoints of many sources in one transaction after the other.
 *
 * Any error of the event log is a crash of this actor. Its restart opens a new writer, which fences the old one, so
 * that it is settled what was committed; then the committed checkpoints are read, and every reader that had something in
 * flight is told where to resume, under a new epoch. What was sent under an older epoch is dropped.
 */
export function publisher(options: PublisherOptions): ActorOptions<PublisherMessage, State> {
  // These outlive a crash: the next start must know whom to tell, and must not use an epoch again.
  let epoch = 0;
  const readers = new Map<SourceId, ActorRef<LogReaderMessage>>();

  return {
    name: options.name,
    deadlineMs: PATIENT_DEADLINE_MS,
    initialState: async (context) => {
      const { writer, committed, refused } = await restore(options, context.signal);
      const trace = traceOf(context, options);
      for (const [source, problem] of refused) {
        const isUnreadable = committed.get(source) === null;
        trace('sourceBlocked', { source, reason: isUnreadable ? 'unreadable checkpoint' : 'unknown topic', problem });
      }
      epoch += 1;
      if (epoch > 1) trace('restarted', { reason: 'event log', epoch });
      for (const [source, reader] of readers) {
        tell(reader, { type: 'resumeFrom', epoch, checkpoint: committed.get(source) });
      }
      readers.clear();
      return { writer, epoch, committed, refused, open: null, taken: 0 };
    },
    receive: async (state, message, context) => {
      try {
        switch (message.type) {
          case 'lookup':
            // A reader that starts over must not be told of less than what was accepted from the one before.
            if (state.open?.steps.has(message.source) === true) await commit(state, options, readers);
            tell(message.replyTo, standingOf(state, message.source));
            break;
          case 'lookupAll':
            tell(message.replyTo, state.committed.known(message.bucket));
            break;
          case 'since':
            if (state.committed.since(message.bucket) === null) {
              await commit(state, options, readers);
              await writeFirstListed(state, message.bucket, options);
            }
            tell(message.replyTo, state.committed.since(message.bucket) ?? options.clock.now());
            break;
          case 'publish':
            if (continues(state, message)) {
              readers.set(message.source, message.replyTo);
              await take(state, message, options, context, readers);
            } else {
              const checkpoint = state.committed.get(message.source);
              tell(message.replyTo, { type: 'resumeFrom', epoch: state.epoch, checkpoint });
            }
            break;
          case 'tidy': {
            await commit(state, options, readers);
            const records = state.committed.tidied(message.slim, message.forget, options.clock.now());
            if (records.length > 0) await write(state, records, options);
            break;
          }
          case 'commit':
            if (state.taken === message.upTo) await commit(state, options, readers);
            break;
          case 'drain':
            await commit(state, options, readers);
            tell(message.replyTo, { type: 'drained' });
            break;
        }
      } catch (error) {
        if (!isTelltaleError(error, 'FENCED')) throw error;
        traceOf(context, options)('fenced', { reason: 'another producer', error: error.message });
        context.stopSelf();
      }
      return state;
    },
    afterStop: (state) => state.writer.close(),
  };
}

function traceOf(context: ActorContext<PublisherMessage>, { counters }: PublisherOptions): Trace {
  return createTrace(context.log, counters, 'producer');
}

function standingOf({ committed, refused, epoch }: State, source: SourceId): Standing {
  const reason = refused.get(source);
  return { checkpoint: committed.get(source), epoch, ...(reason === undefined ? {} : { refused: reason }) };
}

/** Rule 9: only what begins where the last accepted step of its source ended, under the current epoch. */
function continues(state: State, step: Publish): boolean {
  if (step.epoch !== state.epoch) return false;
  const newest = state.open?.steps.get(step.source)?.checkpoint ?? state.committed.get(step.source);
  const last = newest?.position ?? null;
  if (last === null) return step.from.generation === 0 && step.from.offset === 0;
  if (step.from.generation > last.generation) return step.from.offset === 0;
  return step.from.generation === last.generation && step.from.offset === last.offset;
}

async function take(
  state: State,
  step: Publish,
  options: PublisherOptions,
  context: ActorContext<PublisherMessage>,
  readers: Map<SourceId, ActorRef<LogReaderMessage>>,
): Promise<void> {
  const open = (state.open ??= {
    transaction: state.writer.begin(),
    since: options.clock.now(),
    steps: new Map(),
    bytes: 0,
  });
  if (step.batch !== null) {
    const bytes = encodeLines(step.batch, options.clock.now(), options.crc32c);
    const { topic, origin } = step.checkpoint;
    await open.transaction.append(topic, partitionOf(origin, options.partitions), bytes);
    open.bytes += bytes.length;
  }
  if (step.quarantine !== undefined) {
    const record = { ...encodeQuarantine(step.quarantine), headers: [], timestamp: options.clock.now() };
    await appendRecords(open.transaction, { topic: 'quarantine', partition: 0 }, [record], options.crc32c);
    const { reason, etag, versionId, detail } = step.quarantine;
    traceOf(context, options)('quarantined', { source: step.source, etag, versionId, reason, detail });
  }
  open.steps.set(step.source, { checkpoint: step.checkpoint, replyTo: step.replyTo });
  tell(step.replyTo, { type: 'accepted', epoch: state.epoch });

  state.taken += 1;
  const due = open.bytes >= MAX_TRANSACTION_BYTES || options.clock.now() - open.since >= MAX_TRANSACTION_MS;
  const message: PublisherMessage = { type: 'commit', upTo: state.taken };
  if (due) await commit(state, options, readers);
  else if (step.more) context.scheduleOnce(MAX_TRANSACTION_MS, message);
  else tell(context.self, message);
}

async function commit(
  state: State,
  options: PublisherOptions,
  readers: Map<SourceId, ActorRef<LogReaderMessage>>,
): Promise<void> {
  const open = state.open;
  if (open === null) return;
  const timestamp = options.clock.now();
  const records = [...open.steps.values()].map(({ checkpoint }) => recordOf(checkpoint, timestamp));
  await appendCheckpoints(open.transaction, records, options);
  await open.transaction.commit();
  state.open = null;
  for (const record of records) state.committed.put(record);
  for (const [source, { checkpoint, replyTo }] of open.steps) {
    readers.delete(source);
    tell(replyTo, { type: 'committed', epoch: state.epoch, checkpoint });
  }
}

/** Writes checkpoints in a transaction of their own. */
async function write(state: State, records: readonly CheckpointRecord[], options: PublisherOptions): Promise<void> {
  await writeRecords(state, records, options);
  for (const record of records) state.committed.put(record);
}

async function writeFirstListed(state: State, bucket: string, options: PublisherOptions): Promise<void> {
  const record = { bucket, firstListed: options.clock.now() };
  await writeRecords(state, [bucketRecordOf(record)], options);
  state.committed.putBucket(record);
}

async function writeRecords(
  state: State,
  records: readonly CheckpointRecord[],
  options: PublisherOptions,
): Promise<void> {
  const transaction = state.writer.begin();
  await appendCheckpoints(transaction, records, options);
  await transaction.commit();
}

async function appendCheckpoints(
  transaction: EventTransaction,
  records: readonly CheckpointRecord[],
  options: PublisherOptions,
): Promise<void> {
  const byPartition = new Map<number, CheckpointRecord[]>();
  for (const record of records) {
    const partition = partitionOf(record.origin, options.partitions);
    const others = byPartition.get(partition);
    if (others === undefined) byPartition.set(partition, [record]);
    else others.push(record);
  }
  for (const [partition, own] of byPartition) {
    await appendRecords(transaction, { topic: 'checkpoints', partition }, own, options.crc32c);
  }
}

/** Fences whoever wrote before, so that it is settled what is committed, and reads that. */
async function restore(
  options: PublisherOptions,
  signal: AbortSignal,
): Promise<Pick<State, 'writer' | 'committed' | 'refused'>> {
  const writer = await options.log.openWriter({ id: options.transactionalId, ...publisherTopics(options.lineTopics) });
  try {
    const shelved = await readShelf(options);
    // Another start is at work meanwhile: its epoch counts, and nobody is to hear of this one.
    if (signal.aborted) throw new TelltaleError('ACTOR_STOPPED', 'The publisher was too late to start.');
    return { writer, ...shelved };
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** The newest checkpoint of each source. One that cannot be decoded blocks its own source, and no other. */
async function readShelf(options: PublisherOptions): Promise<Pick<State, 'committed' | 'refused'>> {
  const committed = new CheckpointShelf();
  const refused = new Map<SourceId, string>();
  for (let partition = 0; partition < options.partitions; partition++) {
    await readCheckpoints(
      options.log,
      partition,
      ({ source, key, value, checkpoint, problem }) => {
        committed.put({ key, value: problem === null ? value : null });
        const reason = checkpoint === null ? problem : topicProblem(checkpoint, options.lineTopics);
        if (reason === null) refused.delete(source);
        else refused.set(source, reason);
      },
      ({ record }) => {
        if (record !== null) committed.putBucket(record);
      },
    );
  }
  return { committed, refused };
}
