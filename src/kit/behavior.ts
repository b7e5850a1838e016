import type { ActorRef } from './ref';
import type { ChildStopped, Outcome, Supervision } from './supervision';

/** Where the kit and its actors write; winston's logger and `console` fit. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A handler's promise, `initialState` and `afterStop` may take this long unless the options say otherwise, in ms. */
export const DEFAULT_DEADLINE_MS = 30_000;

/** What an actor is: a state and a function that handles one message after the other. */
export interface ActorOptions<M, S> {
  /** Unique among the living children of the parent; letters, digits and -$_.+!*'(), only. */
  readonly name: string;
  /**
   * Makes the state, when the actor starts and again after each crash. Messages wait until it is there. An actor that
   * drives itself tells itself its first message here, so that it goes on after a restart. Throwing is a crash.
   */
  readonly initialState: (context: ActorContext<M>) => S | Promise<S>;
  /** Handles one message and returns the next state; never runs twice at once. Throwing is a crash. */
  readonly receive: (state: S, message: M, context: ActorContext<M>) => S | Promise<S>;
  /**
   * Releases what the state holds; the last state that a handler returned. Runs once for every `initialState` that
   * succeeded: when the actor stops, and when it crashes, before its restart. What it throws is logged.
   */
  readonly afterStop?: (state: S) => unknown;
  /** Defaults to {@link DEFAULT_SUPERVISION}. */
  readonly supervision?: Supervision;
  /**
   * How long a promise of this actor's functions may take, in ms; default {@link DEFAULT_DEADLINE_MS}. Later than that is
   * a crash with HANDLER_TIMEOUT and an aborted `context.signal`; what the function does afterwards is ignored.
   */
  readonly deadlineMs?: number;
}

/** A child of an actor whose messages are of type P. */
export interface ChildOptions<M, S, P> extends ActorOptions<M, S> {
  /**
   * Makes the message by which the supervisor learns that this child has stopped or failed. Not sent when the supervisor
   * itself is stopping or has crashed, since it is what stops its children then.
   */
  readonly onStop: (stopped: ChildStopped) => P;
}

/** A function of an actor threw, or its promise did not settle in time. */
export interface Crash {
  readonly path: string;
  /** The message at work, which no handler gets again; undefined when `initialState` failed. */
  readonly message: unknown;
  readonly error: Error;
  /** Null when the actor stops instead. */
  readonly restartInMs: number | null;
}

/** Either of what can have children. */
export interface Parent {
  readonly system: SystemHub;
  readonly path: string;
  readonly nactRef: object;
  readonly children: Map<string, Child>;
}

/** What all actors of a system share. */
export interface SystemHub {
  readonly log: Log;
  readonly undelivered: (to: string, message: unknown) => void;
  readonly crashed: (crash: Crash) => void;
}

export interface Child {
  readonly path: string;
  readonly children: Map<string, Child>;
  readonly stopped: Promise<Outcome>;
  readonly stop: () => void;
  /** Lets go of an actor that does not stop: its signal is aborted, nothing waits for it any more. */
  readonly abandon: (error: Error) => void;
}

/** What `spawn` calls on its parent, out of sight. */
export const spawnChild = Symbol('spawnChild');

/** What an actor's functions may do; a new one after each crash, the old one is dead. */
export interface ActorContext<in M> {
  readonly self: ActorRef<M>;
  /** Adds the actor's path to every entry. */
  readonly log: Log;
  /** Aborted when this start of the actor is over: hand it to I/O, so that nothing outlives its handler's deadline. */
  readonly signal: AbortSignal;
  /** Tells the actor a message after a delay in ms (up to 2^31-1), unless it stops or crashes before. Returns a cancel. */
  readonly scheduleOnce: (delayMs: number, message: M) => () => void;
  /** Stops this actor after the handler at work; waiting messages become dead letters. */
  readonly stopSelf: () => void;
  readonly [spawnChild]: <C, S>(options: ChildOptions<C, S, M>) => ActorRef<C>;
}
