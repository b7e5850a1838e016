import type { Checkpoint } from '../src/ingestion/checkpoint';
import type { ReadOutcome } from '../src/ingestion/ingest/protocol';
import type { ReadTask } from '../src/ingestion/ingest/work-queue';
import type { EndAction } from '../src/ingestion/reader/protocol';
import type { Decision } from '../src/ingestion/reader/trace';
import { sourceId } from '../src/ingestion/source-id';
import { isTelltaleError } from '../src/errors';
import { ask, tell, type ActorContext, type ActorRef, type ChildOptions } from '../src/kit';
import type { Counters } from '../src/counters';
import { createTrace } from '../src/trace';
import type { IngestMessage, LogReaderMessage, PublisherMessage } from './protocol';
import { SourceReader, type SourceReaderOptions, type Step } from './reader/source-reader';

export interface LogReaderOptions {
  readonly reader: SourceReaderOptions;
  readonly publisher: ActorRef<PublisherMessage>;
  /** Steps that the publisher has not accepted yet, at most: this bounds the memory of a reader. */
  readonly credit: number;
  readonly counters: Counters;
}

interface State {
  readonly reader: SourceReader;
  epoch: number;
  credit: number;
  /** True from the committed checkpoint on until the reading ends. */
  isReading: boolean;
  /** True while a `next` message is queued. */
  pulling: boolean;
  /** The checkpoint of the last step that the publisher was given; null before the first step. */
  last: Checkpoint | null;
  /** The newest committed checkpoint. */
  committed: Checkpoint | null;
  /** How the reading ended, once the publisher was given all of it. */
  end: Extract<EndAction, { type: 'finish' }> | null;
}

const LOOKUP_MS = 60_000;
/** A reader exists for one reading. After this many crashes it gives up, and its source waits for its next turn. */
const SUPERVISION = { maxRestarts: 2, withinMs: 60 * 60_000, backoffMs: { initial: 100, max: 10_000 } };

/**
 * Reads the new bytes of one source, gives the publisher one step after the other, reports how the reading ended, and stops.
 * `src/ingestion/reader` decides; this actor has the store, the credit and the epochs.
 */
export function logReader(
  name: string,
  { key, restart, skipUpTo }: ReadTask,
  options: LogReaderOptions,
  ingest: ActorRef<IngestMessage>,
): ChildOptions<LogReaderMessage, State, IngestMessage> {
  const source = sourceId(options.reader.rules.bucket, key);
  // Kept across restarts, so that a reingest starts one generation only.
  let request = restart;

  return {
    name,
    deadlineMs: 120_000,
    supervision: SUPERVISION,
    initialState: (context) => {
      tell(context.self, { type: 'read' });
      const { rules } = options.reader;
      const own = { ...rules, since: { ...rules.since, listed: skipUpTo } };
      const reader = new SourceReader({ key, request }, { ...options.reader, rules: own }, (decision) =>
        note(decision, context),
      );
      return {
        reader,
        epoch: 0,
        credit: options.credit,
        isReading: false,
        pulling: false,
        last: null,
        committed: null,
        end: null,
      };
    },
    receive: async (state, message, context) => {
      switch (message.type) {
        case 'read':
          await lookUp(state, context);
          break;
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
          finishIfCommitted(state, context);
          break;
      }
      return state;
    },
    afterStop: (state) => state.reader.close(),
    // A reader that crashed for the last time has not reported how its reading ended.
    onStop: (stopped) => (stopped.outcome.kind === 'failed' ? readFinished(failed(stopped.outcome.error)) : stopped),
  };

  async function lookUp(state: State, context: ActorContext<LogReaderMessage>): Promise<void> {
    try {
      const reply = await ask(options.publisher, (replyTo) => ({ type: 'lookup', source, replyTo }), LOOKUP_MS);
      if (reply.refused === undefined) await begin(state, reply.checkpoint, reply.epoch, context);
      else finish({ kind: 'refused', reason: reply.refused }, context);
    } catch (error) {
      // Too late: this reader crashed by its deadline, and started over.
      if (context.signal.aborted) return;
      if (!isTelltaleError(error)) throw error;
      finish(failed(error), context);
    }
  }

  async function begin(
    state: State,
    committed: Checkpoint | null,
    epoch: number,
    context: ActorContext<LogReaderMessage>,
  ): Promise<void> {
    await state.reader.start(committed);
    ({ request } = state.reader);
    Object.assign(state, { epoch, credit: options.credit, isReading: true, last: null, committed: null, end: null });
    pull(state, context);
  }

  /** Back-pressure: the object is read only as far as the publisher takes it. */
  function pull(state: State, context: ActorContext<LogReaderMessage>): void {
    if (state.pulling || !state.isReading || state.credit === 0) return;
    state.pulling = true;
    tell(context.self, { type: 'next' });
  }

  async function publishNext(state: State, context: ActorContext<LogReaderMessage>): Promise<void> {
    if (!state.isReading) return;
    const turn = await state.reader.next();
    // Too late: this reader crashed by its deadline, and started over.
    if (context.signal.aborted) return;
    ({ request } = state.reader);
    switch (turn.kind) {
      case 'ended':
        end(state, turn.by, context);
        return;
      case 'step':
        publish(state, turn.step, context);
        break;
      case 'unfinished':
        break;
    }
    pull(state, context);
  }

  function publish(state: State, step: Step, context: ActorContext<LogReaderMessage>): void {
    state.credit -= 1;
    state.last = step.checkpoint;
    tell(options.publisher, { type: 'publish', source, ...step, epoch: state.epoch, replyTo: context.self });
  }

  function end(state: State, by: EndAction, context: ActorContext<LogReaderMessage>): void {
    state.isReading = false;
    switch (by.type) {
      case 'lookUp':
        tell(context.self, { type: 'read' });
        break;
      case 'fail':
        finish({ kind: 'failed', reason: by.detail, restart: by.request }, context);
        break;
      case 'finish':
        state.end = by;
        finishIfCommitted(state, context);
        break;
    }
  }

  /** When all is read, the last step still has to be committed. */
  function finishIfCommitted({ end: reached, last, committed }: State, context: ActorContext<LogReaderMessage>): void {
    if (reached === null || (last !== null && last !== committed)) return;
    finish({ kind: 'read', checkpoint: reached.checkpoint, restart: reached.request }, context);
  }

  function finish(outcome: ReadOutcome, context: ActorContext<LogReaderMessage>): void {
    tell(ingest, readFinished(outcome));
    context.stopSelf();
  }

  function readFinished(outcome: ReadOutcome): IngestMessage {
    return { type: 'readFinished', key, outcome };
  }

  function failed({ message }: Error): ReadOutcome {
    return { kind: 'failed', reason: message, restart: request };
  }

  function note(decision: Decision, { log }: ActorContext<LogReaderMessage>): void {
    const { decision: name, ...fields } = decision;
    createTrace(log, options.counters, 'producer')(name, fields);
  }
}
