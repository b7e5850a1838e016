import { TelltaleError } from '../errors';
import type { Outcome } from './supervision';

/** Ends an unanswered question early, because no answer can come any more. */
export type Fail = (error: Error) => void;

/** What hides behind a reference. */
export interface Target<in M> {
  readonly deliver: (message: M, fail?: Fail) => void;
  readonly undelivered: (to: string, message: unknown) => void;
  /** Questions that were asked here and are not answered yet; true once a handler has seen them. */
  readonly questions: Map<Fail, boolean>;
  readonly stop: () => void;
  readonly stopped: Promise<Outcome>;
}

/**
 * The address of an actor that accepts messages of type M; it stays the same when the actor is restarted. Only the kit
 * makes one, and it shows nothing but its path, so it may travel in messages and appear in logs.
 *
 * A reference means one actor for ever: a later actor with the same name does not receive what is told to this one.
 */
export class ActorRef<in M> {
  readonly path: string;
  readonly #target: Target<M>;

  constructor(path: string, target: Target<M>) {
    this.path = path;
    this.#target = target;
  }

  toString(): string {
    return this.path;
  }

  static targetOf<M>(ref: ActorRef<M>): Target<M> {
    return ref.#target;
  }
}

/** A message that asks: whoever handles it tells the answer to `replyTo`. */
export interface Question {
  readonly replyTo: ActorRef<never>;
}

/** The reply type of a question. */
export type ReplyOf<Q> = Q extends { readonly replyTo: ActorRef<infer Reply> } ? Reply : never;

/** The members of the protocol M that a request of type Q is one of. */
type MemberOf<M, Q> = M extends unknown ? (Q extends M ? M : never) : never;

/**
 * Puts a message into the actor's mailbox and returns at once; the mailbox has no bound, only credit in the protocol
 * limits it. Never throws: a message to a stopped actor is counted and logged as a dead letter.
 */
export function tell<M>(ref: ActorRef<M>, message: NoInfer<M>): void {
  ActorRef.targetOf(ref).deliver(message);
}

/**
 * Tells the actor a question and resolves with its first answer, typed by the `replyTo` of the question that
 * `makeRequest` returns: `ask(ref, (replyTo) => ({ type: 'count', replyTo }), 1_000)`.
 *
 * An answer after the time-out is a dead letter. Never wait for an actor that may be waiting for this one. Whoever was
 * asked may pass `replyTo` on, but answers for it: when it stops or crashes first, the question fails.
 *
 * @param timeoutMs how long to wait for the answer, 1 to 2^31-1 ms
 * @throws TelltaleError (rejects) ASK_TIMEOUT without an answer in time; ACTOR_STOPPED at once when the actor has stopped
 *   or stops before it answers; and what a handler threw when the actor crashed after it had taken the question
 */
export function ask<M, const Q extends Extract<M, Question>>(
  ref: ActorRef<M>,
  makeRequest: (replyTo: ActorRef<unknown>) => Q,
  timeoutMs: number,
): Promise<ReplyOf<MemberOf<M, Q>>> {
  type Reply = ReplyOf<MemberOf<M, Q>>;
  const target = ActorRef.targetOf(ref);
  return new Promise<Reply>((resolve, reject) => {
    const close = (): void => {
      clearTimeout(timer);
      target.questions.delete(fail);
    };
    const fail: Fail = (error) => {
      close();
      reject(error);
    };
    const replyPath = `${ref.path}?reply`;
    const replyTo = new ActorRef<unknown>(replyPath, {
      deliver: (reply) => {
        if (target.questions.has(fail)) {
          close();
          resolve(reply as Reply); // Q says so: the handler saw `replyTo` with this type
        } else {
          target.undelivered(replyPath, reply);
        }
      },
      undelivered: target.undelivered,
      questions: new Map(),
      stop: () => undefined,
      stopped: target.stopped,
    });
    const request = makeRequest(replyTo);
    const timer = setTimeout(
      () =>
        fail(
          new TelltaleError('ASK_TIMEOUT', `${ref.path} did not answer '${typeOf(request)}' within ${timeoutMs} ms.`),
        ),
      timeoutMs,
    );
    target.questions.set(fail, false);
    target.deliver(request, fail);
  });
}

/**
 * Stops an actor for good. From this call on it accepts nothing; the handler at work finishes (or meets its deadline),
 * messages that still wait become dead letters, then every descendant stops, leaves first, and last runs its own
 * `afterStop`. Resolves when all that is done and the name is free again; never rejects; may be repeated.
 *
 * Awaiting the stop of oneself or of an ancestor from inside a handler waits for that very handler, so until its
 * deadline: use `context.stopSelf()`, or let the ancestor do it.
 */
export async function stop(ref: ActorRef<never>): Promise<void> {
  ActorRef.targetOf(ref).stop();
  await stopped(ref);
}

/** Resolves with how the actor ended, once it has; never rejects. For `main` and for tests: actors use `onStop`. */
export function stopped(ref: ActorRef<never>): Promise<Outcome> {
  return ActorRef.targetOf(ref).stopped;
}

/** What a message is called in logs, which must not hold the lines of somebody's log file. */
export function typeOf(message: unknown): string {
  return typeof message === 'object' && message !== null && 'type' in message ? String(message.type) : typeof message;
}
