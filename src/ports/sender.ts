import type { Sending } from './delivery';
import type { OutgoingMail } from './mail-transport';

/**
 * Sends rendered messages to one receiver. Every implementation passes `test/contract/sender.ts`.
 *
 * @typeParam P the payload that this kind of receiver takes
 */
export interface Sender<P> {
  /**
   * Sends one payload. It settles within 60 s, as `src/ports/delivery.ts` asks, and is called one at a time. It never repeats
   * a request by itself. Equal `id` and target: an earlier call may have had success.
   *
   * @returns the id that the receiver gave, else that of the message
   * @throws DELIVERY_REFUSED when the receiver refuses this message or address, now and later. DELIVERY_FAILED when it is
   *   down, slow or throttling (`retryAfterMs`), or when its settings are wrong. No message holds a secret
   */
  send(payload: P, to: Sending): Promise<string>;
  close(): void;
}

/** Sends mails: to `target.address`, or to all of `to` when there is none. */
export type MailSender = Sender<OutgoingMail>;
