import type { Checkpoint } from '../src/ingestion/checkpoint';
import type { ListedObject } from '../src/ingestion/reconcile';
import { sourceId } from '../src/ingestion/source-id';
import { isTelltaleError } from '../src/errors';
import { ask, tell, type ActorContext, type ActorRef, type ChildOptions } from '../src/kit';
import type { ReadOutcome } from '../src/ingestion/ingest/decide';
import type { ReingestRequest } from '../src/ingestion/ingest/work-queue';
import type { IngestMessage, LogReaderMessage, PublisherMessage } from './protocol';
import type { ReadingOptions, Steps } from './steps';
import { readSource, type Restart } from './walking';

export interface LogReaderOptions extends Omit<ReadingOptions, 'hurried'> {
  readonly publisher: ActorRef<PublisherMessage>;
  /** Steps that may be on their way to the publisher at a time: this bounds the memory of a reader. */
  readonly credit: number;
}

/** What is to be read. */
export interface Task {
  readonly key: string;
  readonly restart: ReingestRequest | null;
  /** As a listing named it, where what was there at the first start is to be passed over (`Since.listed`). */
  readonly passOver: ListedObject | null;
}

interface State {
  epoch: number;
  /** Null before the object was looked at, and when there are no more. */
  steps: Steps<Checkpoint | null> | null;
  credit: number;
  /** Is a `next` on its way? */
  pulling: boolean;
  /** Behind the last step that was handed to the publisher, null when there was none. */
  last: Checkpoint | null;
  /** The newest that is committed. */
  committed: Checkpoint | null;
  /** All is handed to the publisher, with this checkpoint behind it; null before that. */
  end: { readonly checkpoint: Checkpoint | null } | null;
  attempts: number;
  /** Is this reading to do what was asked for? */
  granted: boolean;
}

/** An object that changes in mid-read is looked at again at once, this often; then the next hint has to do it. */
const MAX_ATTEMPTS = 5;
/** From this attempt on one read has to do. */
const HURRIED_FROM = 2;
const LOOKUP_MS = 60_000;
/** A reader lives for one reading: after these crashes its source waits its turn, as after any failure. */
const SUPERVISION = { maxRestarts: 2, withinMs: 60 * 60_000, backoffMs: { initial: 100, max: 10_000 } };

/** Reads what is new of one source, hands it to the publisher step by step, says how it ended, and stops. */
export function logReader(
  name: string,
  { key, restart, passOver }: Task,
  options: LogReaderOptions,
  ingest: ActorRef<IngestMessage>,
): ChildOptions<LogReaderMessage, State, IngestMessage> {
  const source = sourceId(options.bucket, key);
  // This outlives a crash: a generation that was begun is not begun twice.
  let wish = restart;

  return {
    name,
    deadlineMs: 120_000,
    supervision: SUPERVISION,
    initialState: (context) => {
      tell(context.self, { type: 'read' });
      return {
        epoch: 0,
        steps: null,
        credit: options.credit,
        pulling: false,
        last: null,
        committed: null,
        end: null,
        attempts: 0,
        granted: false,
      };
    },
    receive: async (state, message, context) => {
      try {
        switch (message.type) {
          case 'read': {
            const standing = await ask(
              options.publisher,
              (replyTo) => ({ type: 'lookup', source, replyTo }),
              LOOKUP_MS,
            );
            if (standing.refused !== undefined) finish({ kind: 'refused', reason: standing.refused }, context);
            else await begin(state, standing.checkpoint, standing.epoch, context);
            break;
          }
          case 'resumeFrom':
            if (message.epoch > state.epoch) await begin(state, message.checkpoint, message.epoch, context);
            break;
          case 'next':
            state.pulling = false;
            await publishNext(state, context);
            break;
          case 'accepted':
            if (message.epoch === state.epoch) state.credit = Math.min(state.credit + 1, options.credit);
            pull(state, context);
            break;
          case 'committed':
            state.committed = message.checkpoint;
            settle(state, context);
            break;
        }
      } catch (error) {
        // Too late, as in `publishNext`: whatever it was, this reader has started over.
        if (context.signal.aborted) return state;
        if (!isTelltaleError(error)) throw error;
        state.steps = null;
        state.attempts += 1;
        const changed = error.code === 'OBJECT_CHANGED' || error.code === 'OBJECT_NOT_FOUND';
        if (changed && state.attempts < MAX_ATTEMPTS) tell(context.self, { type: 'read' });
        else finish(failed(error), context);
      }
      return state;
    },
    afterStop: (state) => state.steps?.return(null),
    // One that has crashed for good has not said how its reading ended.
    onStop: (stopped) => (stopped.outcome.kind === 'failed' ? readFinished(failed(stopped.outcome.error)) : stopped),
  };

  async function begin(
    state: State,
    committed: Checkpoint | null,
    epoch: number,
    context: ActorContext<LogReaderMessage>,
  ): Promise<void> {
    await state.steps?.return(null);
    Object.assign(state, { epoch, steps: null, credit: options.credit, last: null, committed: null, end: null });
    const granted = grant(committed);
    state.granted = granted !== null;
    const hurried = state.attempts >= HURRIED_FROM;
    const since = { ...options.since, listed: passOver };
    state.steps = readSource(committed, key, granted, { ...options, since, hurried });
    pull(state, context);
  }

  function grant(committed: Checkpoint | null): Restart | null {
    const denied = isDenied(committed);
    // Of what was never read nothing is to be read once more.
    if (committed === null || (denied && committed.position.size === 0)) wish = null;
    // What was denied is read on first: a generation begins when that is allowed again.
    if (committed === null || wish === null || denied) return null;
    const granted = { after: wish.after ?? committed.position.generation, count: wish.count };
    wish = granted;
    return granted;
  }

  /** Back-pressure: the object is read only as far as the publisher takes it. */
  function pull(state: State, context: ActorContext<LogReaderMessage>): void {
    if (state.pulling || state.steps === null || state.credit === 0) return;
    state.pulling = true;
    tell(context.self, { type: 'next' });
  }

  async function publishNext(state: State, context: ActorContext<LogReaderMessage>): Promise<void> {
    if (state.steps === null) return;
    const { value, done } = await state.steps.next();
    // Too late: this reader has crashed by its deadline, and started over.
    if (context.signal.aborted) return;
    if (done === true) {
      state.steps = null;
      state.end = { checkpoint: value };
      settle(state, context);
      return;
    }
    if (value !== null) {
      state.credit -= 1;
      state.last = value.checkpoint;
      tell(options.publisher, { type: 'publish', source, ...value, epoch: state.epoch, replyTo: context.self });
    }
    pull(state, context);
  }

  /** When all is read, what is left is to wait until the last step is committed. */
  function settle({ end, last, committed, granted }: State, context: ActorContext<LogReaderMessage>): void {
    if (end === null || (last !== null && last !== committed)) return;
    const { checkpoint } = end;
    const isDone = granted && !isDenied(checkpoint);
    finish({ kind: 'read', checkpoint, restart: isDone ? null : wish }, context);
  }

  function finish(outcome: ReadOutcome, context: ActorContext<LogReaderMessage>): void {
    tell(ingest, readFinished(outcome));
    context.stopSelf();
  }

  function readFinished(outcome: ReadOutcome): IngestMessage {
    return { type: 'readFinished', key, outcome };
  }

  function failed({ message }: Error): ReadOutcome {
    return { kind: 'failed', reason: message, restart: wish };
  }
}

function isDenied(checkpoint: Checkpoint | null): boolean {
  return checkpoint?.quarantine?.reason === 'denied';
}
