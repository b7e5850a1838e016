import type { Counters } from '../src/counters';
import { encodeLines } from '../src/lines/log-records';
import { NewestBlocks } from '../src/lines/repeats/sketch';
import type { Checkpoint } from '../src/ingestion/checkpoint';
import {
  bucketRecordOf,
  checkpointRecordOf,
  CheckpointTable,
  type CleanUpRecords,
  follows,
  sketchRecordsOf,
  type SourceRecord,
} from '../src/ingestion/checkpoint-table';
import { partitionOf } from '../src/ingestion/origin';
import { checkPlacement } from '../src/ingestion/placement';
import { encodeQuarantine } from '../src/ingestion/quarantine';
import type { SourceId } from '../src/ingestion/source-id';
import { isTelltaleError, TelltaleError } from '../src/errors';
import { DEFAULT_SUPERVISION, tell, type ActorContext, type ActorOptions, type ActorRef } from '../src/kit';
import type { Clock } from '../src/ports/clock';
import type { EventLog, EventTransaction, EventWriter } from '../src/ports/event-log';
import { barrierRecord } from '../src/stream/progress';
import { PROGRESS } from '../src/stream/topics';
import { createTrace, type Trace } from '../src/trace';
import { appendRecords, type Crc32c } from './append';
import { EVENT_LOG_DEADLINE_MS } from './event-log-supervision';
import type { LogReaderMessage, LookupReply, Publish, PublisherMessage } from './protocol';
import { readCheckpoints } from './read-checkpoints';

export interface PublisherOptions {
  readonly name: string;
  /** Stable: a second instance with the same id fences this one (`single-owner`). */
  readonly transactionalId: string;
  readonly partitions: number;
  /** Topics that lines may go to: the inputs of the pipelines. */
  readonly lineTopics: readonly string[];
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
  readonly counters: Counters;
}

export function publisherTopics(lineTopics: readonly string[]): {
  reads: readonly string[];
  writes: readonly string[];
} {
  return {
    reads: ['checkpoints', 'sketches'],
    writes: [...lineTopics, 'checkpoints', 'sketches', 'quarantine', PROGRESS],
  };
}

/** A transaction is committed at the latest when it is this old or holds this much, even while readers have more. */
const MAX_TRANSACTION_MS = 1_000;
const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024;

interface State {
  readonly writer: EventWriter;
  readonly epoch: number;
  /** The checkpoints that are certainly committed. */
  readonly committed: CheckpointTable;
  open: Open | null;
  /** Number of accepted publishes. It shows a `commit` message whether another publish came after it. */
  taken: number;
}

/** The open transaction: steps by source, each with the newest checkpoint. */
interface Open {
  readonly transaction: EventTransaction;
  readonly since: number;
  readonly steps: Map<SourceId, { checkpoint: Checkpoint; replyTo: ActorRef<LogReaderMessage> }>;
  /** Blocks of sketches. A block that a later one of the same transaction replaces is never written. */
  readonly sketches: Map<SourceId, NewestBlocks>;
  bytes: number;
}

/**
 * Writes lines and checkpoints of many sources in one transaction after the other (`one-transaction`).
 *
 * Any error of the event log is a crash of this actor. Its restart opens a new writer, which fences the old one: from then
 * on nothing more can be committed by it. The new start reads the committed checkpoints and tells every reader with an
 * uncommitted step where to resume, under a new epoch. Steps under an older epoch are dropped.
 *
 * FENCED ends it: another producer has taken over, and fencing that one would start an endless fight.
 */
export function publisher(options: PublisherOptions): ActorOptions<PublisherMessage, State> {
  const { clock, crc32c, partitions } = options;
  // These outlive a crash: the next start must know whom to tell, and must not use an epoch again.
  let epoch = 0;
  const readers = new Map<SourceId, ActorRef<LogReaderMessage>>();

  return {
    name: options.name,
    supervision: { ...DEFAULT_SUPERVISION, givesUpOn: isWrongSetup },
    deadlineMs: EVENT_LOG_DEADLINE_MS,
    initialState: async (context) => {
      const { writer, committed } = await restore(options, context.signal);
      const trace = traceOf(context);
      for (const [source, blocked] of committed.blocked) trace('sourceBlocked', { source, ...blocked });
      epoch += 1;
      if (epoch > 1) trace('restarted', { reason: 'event-log', epoch });
      for (const [source, reader] of readers) {
        tell(reader, { type: 'resumeFrom', epoch, checkpoint: committed.get(source) });
      }
      readers.clear();
      return { writer, epoch, committed, open: null, taken: 0 };
    },
    receive: async (state, message, context) => {
      try {
        await handle(state, message, context);
      } catch (error) {
        if (!isTelltaleError(error, 'FENCED')) throw error;
        traceOf(context)('fenced', { reason: 'another-producer', error: error.message });
        context.stopSelf();
      }
      return state;
    },
    afterStop: (state) => state.writer.close(),
  };

  async function handle(
    state: State,
    message: PublisherMessage,
    context: ActorContext<PublisherMessage>,
  ): Promise<void> {
    switch (message.type) {
      case 'lookup':
        // A restarted reader must learn of everything that was accepted from the one before.
        if (state.open?.steps.has(message.source) === true) await commit(state);
        tell(message.replyTo, lookup(state, message.source));
        break;
      case 'lookupAll':
        tell(message.replyTo, state.committed.known(message.bucket));
        break;
      case 'firstListed':
        tell(message.replyTo, state.committed.firstListed(message.bucket) ?? (await listedNow(state, message.bucket)));
        break;
      case 'publish':
        await publish(state, message, context);
        break;
      case 'cleanUp': {
        await commit(state);
        const records = state.committed.cleanedUp(message.trim, message.remove, clock.now());
        await write(state, records);
        for (const record of records.checkpoints) state.committed.put(record);
        break;
      }
      case 'barrier':
        await commit(state);
        await writeBarrier(state, message.complete);
        break;
      case 'commit':
        if (state.taken === message.upTo) await commit(state);
        break;
      case 'drain':
        await commit(state);
        tell(message.replyTo, { type: 'drained' });
        break;
    }
  }

  async function publish(state: State, step: Publish, context: ActorContext<PublisherMessage>): Promise<void> {
    const { source, replyTo } = step;
    const last = state.open?.steps.get(source)?.checkpoint ?? state.committed.get(source);
    if (step.epoch !== state.epoch || !follows(last, step.from)) {
      tell(replyTo, { type: 'resumeFrom', epoch: state.epoch, checkpoint: state.committed.get(source) });
      return;
    }
    readers.set(source, replyTo);
    const open = (state.open ??= {
      transaction: state.writer.begin(),
      since: clock.now(),
      steps: new Map(),
      sketches: new Map(),
      bytes: 0,
    });
    await append(open, step);
    open.steps.set(source, { checkpoint: step.checkpoint, replyTo });
    addBlocks(open, step);
    tell(replyTo, { type: 'accepted', epoch: state.epoch });
    state.taken += 1;

    const due = open.bytes >= MAX_TRANSACTION_BYTES || clock.now() - open.since >= MAX_TRANSACTION_MS;
    const message: PublisherMessage = { type: 'commit', upTo: state.taken };
    if (due) await commit(state);
    else if (step.more) context.scheduleOnce(MAX_TRANSACTION_MS, message);
    else tell(context.self, message);
  }

  async function append(open: Open, step: Publish): Promise<void> {
    const { topic, origin } = step.checkpoint;
    if (step.batch !== null) {
      const bytes = encodeLines(step.batch, clock.now(), crc32c);
      await open.transaction.append(topic, partitionOf(origin, partitions), bytes);
      open.bytes += bytes.length;
    }
    if (step.quarantine !== undefined) {
      const record = { ...encodeQuarantine(step.quarantine), headers: [], timestamp: clock.now() };
      await appendRecords(open.transaction, { topic: 'quarantine', partition: 0 }, [record], crc32c);
    }
  }

  async function commit(state: State): Promise<void> {
    const { open } = state;
    if (open === null) return;
    const timestamp = clock.now();
    const records = [...open.steps.values()].map(({ checkpoint }) => checkpointRecordOf(checkpoint, timestamp));
    await appendBySource(open.transaction, 'checkpoints', records);
    const sketches = [...open.steps.values()].flatMap(({ checkpoint }) =>
      sketchRecordsOf(checkpoint, open.sketches.get(checkpoint.source)?.all ?? [], timestamp),
    );
    await appendBySource(open.transaction, 'sketches', sketches);
    await open.transaction.commit();
    state.open = null;
    for (const record of records) state.committed.put(record);
    for (const [source, { checkpoint, replyTo }] of open.steps) {
      readers.delete(source);
      tell(replyTo, { type: 'committed', epoch: state.epoch, checkpoint });
    }
  }

  async function writeBarrier(state: State, complete: boolean): Promise<void> {
    const { log, lineTopics } = options;
    const ends: Record<string, number[]> = {};
    for (const topic of lineTopics) {
      const ofTopic: number[] = [];
      for (let partition = 0; partition < partitions; partition++)
        ofTopic.push((await log.offsets(topic, partition)).end);
      ends[topic] = ofTopic;
    }
    const record = barrierRecord({ v: 1, at: clock.now(), ends, complete });
    const transaction = state.writer.begin();
    await appendRecords(transaction, { topic: PROGRESS, partition: 0 }, [{ ...record, headers: [] }], crc32c);
    await transaction.commit();
  }

  function addBlocks({ sketches }: Open, { source, blocks }: Publish): void {
    const known = sketches.get(source) ?? new NewestBlocks();
    for (const block of blocks) known.add(block);
    sketches.set(source, known);
  }

  async function listedNow(state: State, bucket: string): Promise<number> {
    await commit(state);
    const record = { bucket, firstListed: clock.now() };
    await write(state, { checkpoints: [bucketRecordOf(record)], sketches: [] });
    state.committed.putBucket(record);
    return record.firstListed;
  }

  /** Writes records about sources in a transaction of their own. */
  async function write(state: State, { checkpoints, sketches }: CleanUpRecords): Promise<void> {
    if (checkpoints.length === 0) return;
    const transaction = state.writer.begin();
    await appendBySource(transaction, 'checkpoints', checkpoints);
    await appendBySource(transaction, 'sketches', sketches);
    await transaction.commit();
  }

  async function appendBySource(
    transaction: EventTransaction,
    topic: 'checkpoints' | 'sketches',
    records: readonly SourceRecord[],
  ): Promise<void> {
    const byPartition = new Map<number, SourceRecord[]>();
    for (const record of records) {
      const partition = partitionOf(record.origin, partitions);
      const others = byPartition.get(partition);
      if (others === undefined) byPartition.set(partition, [record]);
      else others.push(record);
    }
    for (const [partition, own] of byPartition) {
      await appendRecords(transaction, { topic, partition }, own, crc32c);
    }
  }

  function traceOf({ log }: ActorContext<PublisherMessage>): Trace {
    return createTrace(log, options.counters, 'producer');
  }
}

/** True for an error that waits for a person. */
function isWrongSetup(error: Error): boolean {
  return isTelltaleError(error, 'TOPIC_MISMATCH') || isTelltaleError(error, 'EVENT_LOG_UNSUPPORTED');
}

function lookup({ committed, epoch }: State, source: SourceId): LookupReply {
  const blocked = committed.blocked.get(source);
  return {
    checkpoint: committed.get(source),
    epoch,
    ...(blocked === undefined ? {} : { refused: blocked.problem }),
  };
}

/** Fences the writer before it, which then can commit nothing more, and reads the committed checkpoints. */
async function restore(
  { log, transactionalId, partitions, lineTopics }: PublisherOptions,
  signal: AbortSignal,
): Promise<Pick<State, 'writer' | 'committed'>> {
  const writer = await log.openWriter({ id: transactionalId, ...publisherTopics(lineTopics) });
  try {
    const committed = new CheckpointTable(lineTopics);
    const placed: [origin: string, partition: number][] = [];
    for (let partition = 0; partition < partitions; partition++) {
      await readCheckpoints(
        log,
        partition,
        (read) => {
          committed.load(read);
          if (read.checkpoint !== null) placed.push([read.checkpoint.origin, partition]);
        },
        ({ record }) => {
          if (record !== null) committed.putBucket(record);
        },
      );
    }
    checkPlacement(placed, partitions);
    // A later start runs meanwhile: only its epoch may reach readers.
    if (signal.aborted) throw new TelltaleError('ACTOR_STOPPED', 'The publisher was too late to start.');
    return { writer, committed };
  } catch (error) {
    await writer.close();
    throw error;
  }
}
