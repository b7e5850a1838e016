import { types } from 'node:util';
import { dispatch, spawn as nactSpawn, stop as nactStop } from 'nact';
import { TelltaleError } from '../errors';
import {
  DEFAULT_DEADLINE_MS,
  spawnChild,
  type ActorContext,
  type ActorOptions,
  type Child,
  type ChildOptions,
  type Parent,
  type SystemHub,
} from './behavior';
import { ActorRef, typeOf, type Fail, type Target } from './ref';
import { DEFAULT_SUPERVISION, decideRestart, type Outcome, type RestartDecision } from './supervision';

type Envelope<M> =
  | { readonly kind: 'start' }
  | { readonly kind: 'message'; readonly message: M; readonly fail: Fail | undefined }
  /** The message of a timer. `isDue` is false when the timer was canceled, or its context ended, while the message waited. */
  | { readonly kind: 'timer'; readonly message: M; readonly isDue: () => boolean }
  | { readonly kind: 'stop'; readonly outcome: Outcome };

interface Life<M, S> {
  state: S;
  readonly context: ActorContext<M>;
}

/**
 * One actor on one nact actor. Nact supplies the mailbox, one handler at a time and, through `onCrash`, a pause while
 * messages wait. Start and stop are messages too, so they never run during a handler. Once `stop` is requested,
 * messages before it in the mailbox become undelivered.
 */
export class Actor<M, S> implements Target<M>, Child, Parent {
  readonly ref: ActorRef<M>;
  readonly path: string;
  readonly children = new Map<string, Child>();
  readonly questions = new Map<Fail, boolean>();
  readonly stopped: Promise<Outcome>;
  readonly system: SystemHub;
  readonly nactRef: object;
  #settle: (outcome: Outcome) => void = () => undefined;
  /** How the actor ends. Set as soon as it must stop. */
  #ending: Outcome | undefined;
  /** Set between a successful `initialState` and the crash or stop. */
  #life: Life<M, S> | undefined;
  /** Ends the newest context: clears its timers and aborts its signal. */
  #over: () => void = () => undefined;
  #restarts: readonly number[] = [];
  #endPause: () => void = () => undefined;

  constructor(
    private readonly parent: Parent,
    private readonly options: ActorOptions<M, S>,
    private readonly whenStopped: (outcome: Outcome) => void,
  ) {
    this.path = `${parent.path}/${options.name}`;
    this.system = parent.system;
    this.ref = new ActorRef<M>(this.path, this);
    this.stopped = new Promise((resolve) => (this.#settle = resolve));
    this.nactRef = nactSpawn(
      parent.nactRef,
      (_: unknown, envelope: Envelope<M>) => this.#handle(envelope),
      options.name,
      {
        onCrash: async (envelope, error, nact) => {
          await this.#recover(envelope as Envelope<M>, error);
          return nact.resume;
        },
      },
    );
    parent.children.set(options.name, this);
    dispatch(this.nactRef, { kind: 'start' });
  }

  readonly deliver = (message: M, fail?: Fail): void => {
    if (this.#ending) this.#undeliverable(message, fail);
    else dispatch(this.nactRef, { kind: 'message', message, fail });
  };

  readonly undelivered = (to: string, message: unknown): void => this.system.undelivered(to, message);

  readonly stop = (): void => this.#stopAs({ kind: 'stopped' });

  readonly abandon = (error: Error): void => {
    this.#over();
    this.#ended({ kind: 'failed', error });
  };

  #stopAs(outcome: Outcome): void {
    if (this.#ending) return;
    this.#ending = outcome;
    dispatch(this.nactRef, { kind: 'stop', outcome });
    this.#endPause();
  }

  async #handle(envelope: Envelope<M>): Promise<void> {
    const life = this.#life;
    if (envelope.kind === 'stop') {
      await this.#finish(envelope.outcome);
    } else if (envelope.kind === 'start') {
      if (!this.#ending) await this.#begin();
    } else if (envelope.kind === 'timer') {
      if (!this.#ending && life && envelope.isDue()) await this.#receive(life, envelope.message);
    } else if (this.#ending || !life) {
      this.#undeliverable(envelope.message, envelope.fail);
    } else {
      if (envelope.fail && this.questions.has(envelope.fail)) this.questions.set(envelope.fail, true);
      await this.#receive(life, envelope.message);
    }
  }

  async #receive(life: Life<M, S>, message: M): Promise<void> {
    life.state = await this.#inTime(this.options.receive(life.state, message, life.context));
  }

  /** Runs the first start and every restart. */
  async #begin(): Promise<void> {
    const context = this.#newContext();
    this.#life = { state: await this.#inTime(this.options.initialState(context)), context };
  }

  /** Releases the resources of the current start after a crash or stop, even if that start failed. Never throws. */
  async #end(): Promise<void> {
    this.#over();
    const life = this.#life;
    this.#life = undefined;
    const children = [...this.children.values()];
    for (const child of children) child.stop();
    await Promise.all(children.map((child) => child.stopped));
    try {
      if (life) await this.#inTime(this.options.afterStop?.(life.state));
    } catch (error) {
      this.system.log.error('afterStop failed', { actor: this.path, error });
    }
  }

  async #finish(outcome: Outcome): Promise<void> {
    await this.#end();
    nactStop(this.nactRef);
    this.#ended(outcome);
    try {
      this.whenStopped(outcome);
    } catch (error) {
      this.system.log.error('onStop failed', { actor: this.path, error });
    }
  }

  #ended(outcome: Outcome): void {
    this.#ending ??= outcome;
    this.parent.children.delete(this.options.name);
    for (const fail of this.questions.keys()) fail(this.#stoppedError('before it answered'));
    this.#settle(outcome);
  }

  /** Nact awaits this after a crash and delivers no message meanwhile. */
  async #recover(envelope: Envelope<M>, thrown: unknown): Promise<void> {
    let error = toError(thrown);
    let message = 'message' in envelope ? envelope.message : undefined;
    for (const [fail, handled] of this.questions) if (handled) fail(error);
    while (await this.#mayRestart(message, error)) {
      try {
        await this.#begin();
        return;
      } catch (next) {
        error = toError(next);
        message = undefined;
      }
    }
  }

  /** Reports a crash, cleans up and waits as the policy says. Resolves with false when the actor must stop instead. */
  async #mayRestart(message: M | undefined, error: Error): Promise<boolean> {
    const policy = this.options.supervision ?? DEFAULT_SUPERVISION;
    const decision: RestartDecision =
      policy.givesUpOn?.(error) === true
        ? { kind: 'giveUp' }
        : decideRestart(policy, this.#restarts, performance.now());
    const restartInMs = decision.kind === 'restart' && !this.#ending ? decision.delayMs : null;
    const gaveUp = decision.kind === 'giveUp' && !this.#ending;
    this.system.crashed({ path: this.path, message, error, restartInMs, gaveUp });
    await this.#end();
    if (decision.kind === 'giveUp') {
      this.#stopAs({ kind: 'failed', error });
    } else if (!this.#ending) {
      this.#restarts = decision.restarts;
      await this.#pause(decision.delayMs);
    }
    return this.#ending === undefined;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #inTime<T>(work: T | Promise<T>): Promise<T> {
    if (!types.isPromise(work)) return work;
    const deadlineMs = this.options.deadlineMs ?? DEFAULT_DEADLINE_MS;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new TelltaleError('HANDLER_TIMEOUT', `${this.path} did not finish within ${deadlineMs} ms.`)),
        deadlineMs,
      );
    });
    try {
      return await Promise.race([work, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  #newContext(): ActorContext<M> {
    const over = new AbortController();
    const timers = new Set<NodeJS.Timeout>();
    const fields = (own: Record<string, unknown> = {}): Record<string, unknown> => ({ ...own, actor: this.path });
    const log = this.system.log;
    const context: ActorContext<M> = {
      self: this.ref,
      log: {
        debug: (message, own) => log.debug(message, fields(own)),
        info: (message, own) => log.info(message, fields(own)),
        warn: (message, own) => log.warn(message, fields(own)),
        error: (message, own) => log.error(message, fields(own)),
      },
      signal: over.signal,
      scheduleOnce: (delayMs, message) => {
        if (over.signal.aborted) {
          this.undelivered(this.path, message);
          return () => undefined;
        }
        let isCanceled = false;
        const isDue = (): boolean => !isCanceled && !over.signal.aborted;
        const timer = setTimeout(() => {
          timers.delete(timer);
          if (!this.#ending) dispatch(this.nactRef, { kind: 'timer', message, isDue });
        }, delayMs);
        timers.add(timer);
        return () => {
          isCanceled = true;
          timers.delete(timer);
          clearTimeout(timer);
        };
      },
      stopSelf: () => {
        if (!over.signal.aborted) this.stop();
      },
      [spawnChild]: <C, CS>(child: ChildOptions<C, CS, M>): ActorRef<C> => {
        const { name } = child;
        if (over.signal.aborted) {
          throw new TelltaleError('ACTOR_STOPPED', `${this.path} has crashed or stopped: it cannot start '${name}'.`);
        }
        return new Actor(this, child, (outcome) => {
          if (!over.signal.aborted && !this.#ending)
            this.deliver(child.onStop({ type: 'childStopped', name, outcome }));
        }).ref;
      },
    };
    this.#over = () => {
      for (const timer of timers) clearTimeout(timer);
      over.abort();
    };
    return context;
  }

  #undeliverable(message: M, fail: Fail | undefined): void {
    this.undelivered(this.path, message);
    fail?.(this.#stoppedError(`before it handled '${typeOf(message)}'`));
  }

  #stoppedError(when: string): TelltaleError {
    const cause = this.#ending?.kind === 'failed' ? this.#ending.error : undefined;
    return new TelltaleError('ACTOR_STOPPED', `${this.path} stopped ${when}.`, { cause });
  }
}

/** Under jest, Node's own errors come from another realm, where `instanceof` alone is not enough. */
function toError(thrown: unknown): Error {
  return thrown instanceof Error || types.isNativeError(thrown) ? thrown : new Error(String(thrown), { cause: thrown });
}
