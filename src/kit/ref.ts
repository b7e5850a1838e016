import { TelltaleError } from '../errors';
import type { Outcome } from './supervision';

/** Ends an unanswered question early, because no answer can come. */
export type Fail = (error: Error) => void;

/** The internals of a reference. */
export interface Target<in M> {
  readonly deliver: (message: M, fail?: Fail) => void;
  readonly undelivered: (to: string, message: unknown) => void;
  /** Unanswered questions to this actor; true once a handler has seen them. */
  readonly questions: Map<Fail, boolean>;
  readonly stop: () => void;
  readonly stopped: Promise<Outcome>;
}

/**
 * The address of an actor that accepts messages of type M; it stays the same when the actor is restarted. Only the kit
 * makes one. It exposes only its path, so messages and logs may contain it.
 *
 * A reference identifies one actor permanently: a later actor with the same name does not receive its messages.
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

/** A message that asks a question: its handler tells the answer to `replyTo`. */
export interface Question {
  readonly replyTo: ActorRef<never>;
}

/** The reply type of a question. */
export type ReplyOf<Q> = Q extends { readonly replyTo: ActorRef<infer Reply> } ? Reply : never;

/** The members of protocol M that include requests of type Q. */
type MemberOf<M, Q> = M extends unknown ? (Q extends M ? M : never) : never;

/**
 * Puts a message into the actor's mailbox and returns at once. The mailbox is unbounded; only credit in the protocol
 * limits it. Never throws: a message to a stopped actor is counted and logged as undelivered.
 */
export function tell<M>(ref: ActorRef<M>, message: NoInfer<M>): void {
  ActorRef.targetOf(ref).deliver(message);
}

/**
 * Tells the actor a question and resolves with its first answer, typed by the `replyTo` of the question that
 * `makeRequest` returns: `ask(ref, (replyTo) => ({ type: 'count', replyTo }), 1_000)`.
 *
 * An answer after the timeout is undelivered. Never wait for an actor that may be waiting for this one. The recipient
 * may forward `replyTo` but stays responsible: when it stops or crashes first, the question fails.
 *
 * @param timeoutMs time limit for the answer, 1 to 2^31-1 ms
 * @throws TelltaleError (rejects) ASK_TIMEOUT without an answer in time; ACTOR_STOPPED at once when the actor has
 *   stopped or stops before it answers; the handler's error when the actor crashes after it took the question
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
          resolve(reply as Reply); // type Q guarantees it: the handler saw `replyTo` with this type
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
 * Stops an actor permanently. From this call on it accepts nothing. The current handler finishes or reaches its
 * deadline, waiting messages become undelivered, all descendants stop, leaves first, and finally its own `afterStop`
 * runs. Resolves when this is done and the name is free again. Never rejects; may be repeated.
 *
 * A handler must not await the stop of its own actor or of an ancestor: it would wait for itself until its deadline.
 * Use `context.stopSelf()`, or let the ancestor do it.
 */
export async function stop(ref: ActorRef<never>): Promise<void> {
  ActorRef.targetOf(ref).stop();
  await stopped(ref);
}

/** Resolves with the outcome once the actor has ended; never rejects. For `main` and tests: actors use `onStop`. */
export function stopped(ref: ActorRef<never>): Promise<Outcome> {
  return ActorRef.targetOf(ref).stopped;
}

/** A message's name for the program's log, which must not contain lines of log files. */
export function typeOf(message: unknown): string {
  return typeof message === 'object' && message !== null && 'type' in message ? String(message.type) : typeof message;
}
