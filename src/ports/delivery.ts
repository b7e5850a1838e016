import type { Attempt } from '../stream/delivery-events';

/** Sends messages to receivers of any kind: mail, a webhook. */
export interface Delivery<M> {
  /**
   * Sends one message to one target. Must settle within 60 s: after twice that another owner may send the message. Calls for
   * different receivers run at once; for one receiver there is one at a time.
   *
   * There is no idempotency: a call whose answer is lost may have sent the message. Such a call is repeated.
   *
   * @param to `id` and `target` are equal for every call with this message and target
   * @returns the id that the receiver's side gave to the message
   * @throws DELIVERY_REFUSED when no later call can succeed (address, size). After any other error the call is repeated,
   *   not before its `retryAfterMs`
   */
  send(message: M, to: Sending): Promise<string>;
}

export interface Sending extends Attempt {
  /** An earlier call may have sent the message: tell its receiver. */
  readonly possibleRepeat: boolean;
}
