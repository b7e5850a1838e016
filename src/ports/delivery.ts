/** Sends messages to one kind of receiver: mail, a webhook. */
export interface Delivery<M> {
  /**
   * Sends one message. Must settle within 60 s: after twice that another owner may send the message.
   *
   * There is no idempotency: a call whose answer is lost may have sent the message. Such a call is repeated.
   *
   * @param id equal for every call with this message
   * @param possibleRepeat an earlier call may have sent the message: tell its receiver
   * @returns the id that the receiver's side gave to the message
   * @throws DELIVERY_REFUSED when no later call can succeed (address, size). After any other error the call is repeated
   */
  send(message: M, id: string, possibleRepeat: boolean): Promise<string>;
}
