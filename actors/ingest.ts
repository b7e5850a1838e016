import type { Checkpoint } from '../src/domain/sources/checkpoint';
import { splitSourceId } from '../src/domain/topics';
import { ask, spawn, stop, tell, type ActorContext, type ActorRef, type ChildOptions } from '../src/kit';
import type { ObjectInfo } from '../src/ports/object-store';
import { logReader, type LogReaderOptions } from './log-reader';
import type { IngestMessage, LogReaderMessage, ProducerMessage, ReadOutcome, Settled } from './protocol';

export interface IngestOptions extends LogReaderOptions {
  /** Which keys count. */
  readonly includes: (key: string) => boolean;
  /** How many sources are read at a time. */
  readonly concurrency: number;
}

interface State {
  /** Keys to read, in order of arrival. */
  readonly waiting: Set<string>;
  readonly working: Map<string, Work>;
  /** What was read last of each key: a reconciliation compares it with the listing. */
  readonly known: Map<string, Known>;
  /** Keys that could not be read when they were tried last, and why. */
  readonly failed: Map<string, string>;
  reconciling: boolean;
  settling: ActorRef<Settled>[];
  draining: boolean;
  /** For the names of readers: keys are hostile, names are not. */
  spawned: number;
}

interface Work {
  readonly name: string;
  readonly reader: ActorRef<LogReaderMessage>;
  /** Another hint came while it was in work: look again afterwards. */
  again: boolean;
}

interface Known {
  readonly etag: string;
  readonly size: number;
  readonly heldSince: number | null;
}

/** The listing is handed over in portions of this many objects. */
const LISTED_AT_ONCE = 1_000;

/**
 * Decides what is read: one log-reader per source in work, a bounded number at a time. Hints of one source that come
 * together are one; a hint that comes while its source is in work makes it be looked at once more.
 */
export function ingest(options: IngestOptions): ChildOptions<IngestMessage, State, ProducerMessage> {
  return {
    name: 'ingest',
    onStop: (stopped) => stopped,
    initialState: async (context) => {
      const checkpoints = await ask(options.publisher, (replyTo) => ({ type: 'lookupAll', replyTo }), 60_000);
      list(options, context);
      return {
        waiting: new Set(),
        working: new Map(),
        known: knownIn(options.bucket, checkpoints),
        failed: new Map(),
        reconciling: true,
        settling: [],
        draining: false,
        spawned: 0,
      };
    },
    receive: async (state, message, context) => {
      switch (message.type) {
        case 'ingest':
          want(state, message.key, options);
          break;
        case 'reconcile':
          if (!state.reconciling && !state.draining) list(options, context);
          state.reconciling = true;
          break;
        case 'listed':
          for (const object of message.objects) if (differs(state, object, options)) want(state, object.key, options);
          break;
        case 'reconciled':
          state.reconciling = false;
          if (message.error !== null) context.log.warn('listing the bucket failed', { error: message.error });
          break;
        case 'readFinished':
          finished(state, message.key, message.outcome, context);
          break;
        case 'childStopped':
          if (message.outcome.kind === 'failed') crashed(state, message.name, message.outcome.error, context);
          break;
        case 'settle':
          state.settling.push(message.replyTo);
          break;
        case 'drain':
          state.draining = true;
          state.waiting.clear();
          await Promise.all([...state.working.values()].map(({ reader }) => stop(reader)));
          tell(message.replyTo, { type: 'drained' });
          break;
      }
      if (!state.draining) startReaders(state, options, context);
      if (!state.reconciling && state.waiting.size === 0 && state.working.size === 0) {
        const failed = [...state.failed].map(([key, reason]) => ({ key, reason }));
        for (const replyTo of state.settling.splice(0)) tell(replyTo, { type: 'settled', failed });
      }
      return state;
    },
  };
}

function want(state: State, key: string, options: IngestOptions): void {
  const work = state.working.get(key);
  if (work !== undefined) work.again = true;
  else if (options.includes(key)) state.waiting.add(key);
}

/** ETag and size decide, LastModified never alone; a tail that waits for too long is a reason to look, too. */
function differs(state: State, object: ObjectInfo, options: IngestOptions): boolean {
  const known = state.known.get(object.key);
  if (known === undefined && object.lastModified < options.sinceMs) return false;
  if (known?.etag !== object.etag || known.size !== object.size) return true;
  return known.heldSince !== null && options.clock.now() - known.heldSince >= options.tailTimeoutMs;
}

function startReaders(state: State, options: IngestOptions, context: ActorContext<IngestMessage>): void {
  for (const key of state.waiting) {
    if (state.working.size >= options.concurrency) return;
    state.waiting.delete(key);
    const name = `reader-${++state.spawned}`;
    const reader = spawn(context, { ...logReader(name, key, options, context.self), onStop: (stopped) => stopped });
    state.working.set(key, { name, reader, again: false });
  }
}

function finished(state: State, key: string, outcome: ReadOutcome, context: ActorContext<IngestMessage>): void {
  const again = state.working.get(key)?.again === true;
  state.working.delete(key);
  if (again) state.waiting.add(key);
  state.failed.delete(key);
  if (outcome.kind === 'read') state.known.set(key, knownOf(outcome.checkpoint));
  if (outcome.kind === 'failed' || outcome.kind === 'refused') state.failed.set(key, outcome.reason);
  // The publisher has said so of what is refused, loudly; every signal for it would say it again.
  if (outcome.kind === 'failed') {
    context.log.warn('reading failed, the next signal or reconciliation tries again', { key, reason: outcome.reason });
  }
}

function crashed(state: State, name: string, error: Error, context: ActorContext<IngestMessage>): void {
  for (const [key, work] of state.working) {
    if (work.name === name) finished(state, key, { kind: 'failed', reason: error.message }, context);
  }
}

/** Lists the bucket beside the mailbox; portions come as messages. */
function list(options: IngestOptions, context: ActorContext<IngestMessage>): void {
  const portions = async (): Promise<void> => {
    let objects: ObjectInfo[] = [];
    for await (const object of options.store.list(options.bucket)) {
      if (context.signal.aborted) return;
      objects.push(object);
      if (objects.length < LISTED_AT_ONCE) continue;
      tell(context.self, { type: 'listed', objects });
      objects = [];
    }
    tell(context.self, { type: 'listed', objects });
  };
  portions().then(
    () => tell(context.self, { type: 'reconciled', error: null }),
    (error: unknown) => tell(context.self, { type: 'reconciled', error }),
  );
}

/** Equal keys in other buckets are other sources. */
function knownIn(bucket: string, checkpoints: readonly Checkpoint[]): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const checkpoint of checkpoints) {
    const source = splitSourceId(checkpoint.source);
    if (source.bucket === bucket) known.set(source.key, knownOf(checkpoint));
  }
  return known;
}

function knownOf(checkpoint: Checkpoint): Known {
  return { etag: checkpoint.etag, size: checkpoint.size, heldSince: checkpoint.heldSince };
}
