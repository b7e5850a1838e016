import { start, stop as nactStop, type ActorSystemRef, type Plugin } from 'nact';
import { TelltaleError } from '../errors';
import { Actor } from './actor';
import {
  spawnChild,
  type ActorContext,
  type ActorOptions,
  type ChildOptions,
  type Child,
  type Crash,
  type Log,
  type SystemHub,
} from './behavior';
import { typeOf, type ActorRef } from './ref';

/** A message without a recipient: its actor had stopped, or its question was already answered or abandoned. */
export interface UndeliveredMessage {
  /** Path of the intended actor. */
  readonly to: string;
  readonly message: unknown;
}

export interface SystemOptions {
  /** First part of every path. */
  readonly name: string;
  /** Defaults to the console, so that no error is silent. Logs only the types of messages. */
  readonly log?: Log;
  /** Called for every undelivered message; its errors are logged. */
  readonly onUndelivered?: (letter: UndeliveredMessage) => void;
  /** Called for every crash, before the restart; its errors are logged. */
  readonly onCrash?: (crash: Crash) => void;
}

/** The root of a tree of actors. Actors directly below it have no supervisor: see `stopped(ref)`. */
export interface ActorSystem {
  readonly name: string;
  /** Number of undelivered messages since the start. */
  undeliveredMessages(): number;
  /**
   * Stops all actors, leaves first; repeated calls share one result. It does not drain: send drain messages before.
   *
   * @param deadlineMs time limit, 1 to 2^31-1 ms; then running actors are abandoned and their signals aborted
   * @throws TelltaleError (rejects) DRAIN_TIMEOUT with the paths of the actors that had not stopped by then
   */
  stop(deadlineMs: number): Promise<void>;
  readonly [spawnChild]: <M, S>(options: ActorOptions<M, S>) => ActorRef<M>;
}

let systemsStarted = 0;

/** Starts an empty system. It does not keep the process alive. */
export function startSystem(options: SystemOptions): ActorSystem {
  const { name, log = console } = options;
  // Nact keeps systems in one map by name: a second one with the same name would receive the first one's messages. It
  // ignores a name given as a string, although its types require one.
  const nactRef: ActorSystemRef = start({ name: `${name}-${++systemsStarted}` } as unknown as Plugin);
  const children = new Map<string, Child>();
  let undelivered = 0;
  let stopping: Promise<void> | undefined;

  const quietly = (hook: string, call: () => void): void => {
    try {
      call();
    } catch (error) {
      log.error(`${hook} failed`, { error });
    }
  };
  const system: SystemHub = {
    log,
    undelivered: (to, message) => {
      undelivered += 1;
      log.warn('message undelivered', { actor: to, type: typeOf(message) });
      quietly('onUndelivered', () => options.onUndelivered?.({ to, message }));
    },
    crashed: (crash) => {
      const { path: actor, message, error, restartInMs } = crash;
      const type = message === undefined ? 'initialState' : typeOf(message);
      log.error('actor crashed', { actor, type, error, restartInMs });
      quietly('onCrash', () => options.onCrash?.(crash));
    },
  };

  const stopAll = async (deadlineMs: number): Promise<void> => {
    const roots = [...children.values()];
    for (const root of roots) root.stop();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
    await Promise.race([Promise.all(roots.map((root) => root.stopped)), deadline]);
    clearTimeout(timer);
    nactStop(nactRef);
    const living = descendants(children);
    if (living.length === 0) return;
    const stuck = living.filter((actor) => actor.children.size === 0).map((actor) => actor.path);
    const error = new TelltaleError('DRAIN_TIMEOUT', `Still running after ${deadlineMs} ms: ${stuck.join(', ')}.`);
    for (const actor of living) actor.abandon(error);
    throw error;
  };

  return {
    name,
    undeliveredMessages: () => undelivered,
    stop: (deadlineMs) => (stopping ??= stopAll(deadlineMs)),
    [spawnChild]: (actor) => {
      if (stopping) throw new TelltaleError('ACTOR_STOPPED', `${name} is stopping: it cannot start '${actor.name}'.`);
      return new Actor({ system, path: `${name}:/`, nactRef, children }, actor, () => undefined).ref;
    },
  };
}

function descendants(children: ReadonlyMap<string, Child>): Child[] {
  return [...children.values()].flatMap((child) => [child, ...descendants(child.children)]);
}

/**
 * Starts an actor below another one, given the parent's context, or at the top of a system. A child stops before its
 * parent does, and when its parent crashes: a restarted parent has no children.
 *
 * @throws TelltaleError ACTOR_STOPPED when the system is stopping, or the context predates a crash or stop; Error when
 *   the name is invalid or a living child has it
 */
export function spawn<M, S, P, const R extends P>(parent: ActorContext<P>, options: ChildOptions<M, S, R>): ActorRef<M>;
export function spawn<M, S>(parent: ActorSystem, options: ActorOptions<M, S>): ActorRef<M>;
export function spawn<M, S, P>(
  parent: ActorContext<P> | ActorSystem,
  options: ActorOptions<M, S> | ChildOptions<M, S, P>,
): ActorRef<M> {
  return parent[spawnChild](options as ChildOptions<M, S, P>); // the overloads require `onStop` when the parent is an actor
}
