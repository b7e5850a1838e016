import type { ActorRef } from './ref';
import type { ChildStopped, Outcome, Supervision } from './supervision';

/** The log of the kit and its actors. Winston's logger and `console` conform. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Default time limit for `initialState`, a handler and `afterStop`, in ms. */
export const DEFAULT_DEADLINE_MS = 30_000;

/** Defines an actor: a state and a function that handles one message after the other. */
export interface ActorOptions<M, S> {
  /** Unique among the living children of the parent; letters, digits and -$_.+!*'(), only. */
  readonly name: string;
  /**
   * Makes the state when the actor starts and again after each crash. Messages wait until it is ready. An actor that
   * drives itself tells itself its first message here, so that it continues after a restart. Throwing is a crash.
   */
  readonly initialState: (context: ActorContext<M>) => S | Promise<S>;
  /** Handles one message and returns the next state; never runs twice at once. Throwing is a crash. */
  readonly receive: (state: S, message: M, context: ActorContext<M>) => S | Promise<S>;
  /**
   * Releases resources of the last state that a handler returned. Runs once for every successful `initialState`: when
   * the actor stops, or before its restart after a crash. Errors are logged.
   */
  readonly afterStop?: (state: S) => unknown;
  /** Defaults to {@link DEFAULT_SUPERVISION}. */
  readonly supervision?: Supervision;
  /**
   * Time limit for a promise of this actor's functions, in ms; default {@link DEFAULT_DEADLINE_MS}. Exceeding it is a
   * crash with HANDLER_TIMEOUT and aborts `context.signal`; the function's later result is ignored.
   */
  readonly deadlineMs?: number;
}

/** A child of an actor whose messages are of type P. */
export interface ChildOptions<M, S, P> extends ActorOptions<M, S> {
  /**
   * Makes the message that tells the supervisor that this child stopped or failed. It is not sent while the supervisor
   * itself stops or crashes, because the supervisor then stops its children.
   */
  readonly onStop: (stopped: ChildStopped) => P;
}

/** A failure: a function of an actor threw, or its promise did not settle in time. */
export interface Crash {
  readonly path: string;
  /** The message being handled, which is not delivered again; undefined when `initialState` failed. */
  readonly message: unknown;
  readonly error: Error;
  /** Null when the actor stops. */
  readonly restartInMs: number | null;
  /** True when no restart is left; false also for an actor that crashes while it is being stopped. */
  readonly gaveUp: boolean;
}

/** An actor or a system: anything that has children. */
export interface Parent {
  readonly system: SystemHub;
  readonly path: string;
  readonly nactRef: object;
  readonly children: Map<string, Child>;
}

/** The state that all actors of a system share. */
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
  /** Abandons an actor that does not stop: aborts its signal and no longer waits for it. */
  readonly abandon: (error: Error) => void;
}

/** Internal method that `spawn` calls on its parent. */
export const spawnChild = Symbol('spawnChild');

/** The abilities of an actor's functions. Each crash replaces the context; the old one no longer works. */
export interface ActorContext<in M> {
  readonly self: ActorRef<M>;
  /** Adds the actor's path to every entry. */
  readonly log: Log;
  /** Aborted when the actor stops or crashes. Pass it to I/O, so that no I/O outlives its handler's deadline. */
  readonly signal: AbortSignal;
  /**
   * Tells the actor a message after a delay in ms (up to 2^31-1), unless it stops or crashes before. Returns a function
   * that cancels. A canceled message, or one that waits at the stop or crash, is dropped: it is not reported as undelivered.
   */
  readonly scheduleOnce: (delayMs: number, message: M) => () => void;
  /** Stops this actor after the current handler; waiting messages become undelivered. */
  readonly stopSelf: () => void;
  readonly [spawnChild]: <C, S>(options: ChildOptions<C, S, M>) => ActorRef<C>;
}
