import type { Counters } from '../src/counters';
import { isTelltaleError, type TelltaleError } from '../src/errors';
import { tell, type ActorContext, type ActorOptions, type ActorRef } from '../src/kit';
import type { LogFields } from '../src/log';
import { createTrace } from '../src/trace';
import { EVENT_LOG_DEADLINE_MS, EVENT_LOG_SUPERVISION } from './event-log-supervision';
import type { Drained, OwnershipMessage } from './protocol';

/** Resolves when the group has confirmed, after this call, that the partition is still assigned to this process. */
export type Confirm = (signal: AbortSignal) => Promise<void>;

export interface OwnershipOptions {
  readonly counters: Counters;
  readonly confirm: Confirm;
  /** True when the part was started before under this assignment: then even its first start waits. */
  readonly wasStarted?: boolean;
  /** Called when a run has started. */
  readonly onStarted?: () => void;
}

interface Message {
  readonly type: string;
}

/** From opening its writer, which fences all predecessors, until it is fenced, fails or is closed. */
interface Run {
  close(): Promise<void>;
}

/** The state of a part's actor. */
export interface Ownership<R> {
  /** Null until the group has confirmed the assignment. */
  run: R | null;
  finishing: ActorRef<Drained> | null;
  draining: ActorRef<Drained> | null;
}

/** A job or a delivery: one process owns it at a time. `P` are the messages that it alone understands. */
export interface Part<P extends Message, R extends Run> {
  /** Names the actor. */
  readonly name: string;
  /** Labels its counters. */
  readonly label: string;
  /** Details of the event that it was fenced. */
  readonly fields: LogFields;
  /** Called at each start of the actor. */
  prepare?(context: ActorContext<P>): void;
  /** Fences all predecessors, restores their last commit, and begins to fetch. */
  start(state: Ownership<R>, context: ActorContext<P>): Promise<R>;
  /** The first message after a start. */
  started(run: R, state: Ownership<R>): Promise<void>;
  /** Messages of an earlier run may still come. */
  receive(state: Ownership<R>, message: P, context: ActorContext<P>): Promise<void>;
  /** Answers `finishing` with {@link answerFinished} when all input is processed. */
  finish(run: R, state: Ownership<R>): Promise<void>;
  /** Answers `draining` with {@link answerDrained} when all work is written. */
  drain(run: R, state: Ownership<R>): Promise<void>;
}

/**
 * The actor of a part (`single-owner`). Every start fences all predecessors and restores the last commit. A fenced part
 * starts again, too: a process that was paused may have fenced it by mistake. Every start but the first waits until the
 * group has confirmed the assignment, so that a process that was paused does not fence the rightful owner.
 */
export function ownedPart<P extends Message, R extends Run>(
  part: Part<P, R>,
  options: OwnershipOptions,
): ActorOptions<OwnershipMessage | P, Ownership<R>> {
  const { counters, confirm } = options;
  let isFirstStart = options.wasStarted !== true;
  return {
    name: part.name,
    deadlineMs: EVENT_LOG_DEADLINE_MS,
    supervision: {
      ...EVENT_LOG_SUPERVISION,
      givesUpOn: (error) => isUnmended(error) || isTelltaleError(error, 'EVENT_LOG_UNSUPPORTED'),
    },
    initialState: async (context) => {
      const state: Ownership<R> = { run: null, finishing: null, draining: null };
      part.prepare?.(context);
      if (isFirstStart) {
        isFirstStart = false;
        await start(part, state, options, context);
      } else {
        confirmToSelf(confirm, context);
      }
      return state;
    },
    receive: async (state, message, context) => {
      try {
        if (isOfOwnership(message)) await handle(part, state, message, options, context);
        else await part.receive(state, message, context);
      } catch (error) {
        if (!isTelltaleError(error, 'FENCED') || state.run === null) throw error;
        const trace = createTrace(context.log, counters, part.label);
        trace('fenced', { reason: 'waits-for-assignment', ...part.fields });
        await state.run.close();
        state.run = null;
        // Another owner continues from the last commit.
        if (state.draining !== null) answerDrained(state);
        else confirmToSelf(confirm, context);
      }
      return state;
    },
    afterStop: ({ run }) => run?.close(),
  };
}

/** True for an error that waits for a person: `telltale reset` or `telltale repair`. */
export function isUnmended(error: unknown): error is TelltaleError {
  return isTelltaleError(error, 'RESET_NEEDED') || isTelltaleError(error, 'EVENT_LOG_DAMAGED');
}

export function answerFinished<R>(state: Ownership<R>): void {
  if (state.finishing !== null) tell(state.finishing, { type: 'drained' });
  state.finishing = null;
}

export function answerDrained<R>({ draining }: Ownership<R>): void {
  if (draining !== null) tell(draining, { type: 'drained' });
}

async function handle<P extends Message, R extends Run>(
  part: Part<P, R>,
  state: Ownership<R>,
  message: OwnershipMessage,
  options: OwnershipOptions,
  context: ActorContext<OwnershipMessage | P>,
): Promise<void> {
  const { run } = state;
  switch (message.type) {
    case 'confirmed':
      if (state.draining === null) await start(part, state, options, context);
      break;
    case 'confirmFailed':
      throw message.error;
    case 'started':
      if (run !== null) await part.started(run, state);
      break;
    case 'finish':
      state.finishing = message.replyTo;
      if (run !== null) await part.finish(run, state);
      break;
    case 'drain':
      state.draining = message.replyTo;
      if (run === null) answerDrained(state);
      else await part.drain(run, state);
      break;
  }
}

async function start<P extends Message, R extends Run>(
  part: Part<P, R>,
  state: Ownership<R>,
  { onStarted }: OwnershipOptions,
  context: ActorContext<OwnershipMessage | P>,
): Promise<void> {
  state.run = await part.start(state, context);
  tell(context.self, { type: 'started' });
  onStarted?.();
}

/** Waits without blocking the mailbox, so that the actor can be drained and stopped meanwhile. */
function confirmToSelf(confirm: Confirm, context: ActorContext<OwnershipMessage>): void {
  const deliver = (message: OwnershipMessage): void => {
    if (!context.signal.aborted) tell(context.self, message);
  };
  confirm(context.signal).then(
    () => deliver({ type: 'confirmed' }),
    (error: unknown) => deliver({ type: 'confirmFailed', error }),
  );
}

type Types = { readonly [Type in OwnershipMessage['type']]: true };
const ofOwnership: Types = { confirmed: true, confirmFailed: true, started: true, finish: true, drain: true };

function isOfOwnership(message: Message): message is OwnershipMessage {
  return Object.hasOwn(ofOwnership, message.type);
}
