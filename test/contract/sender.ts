import { isTelltaleError } from '../../src/errors';
import type { Sending } from '../../src/ports/delivery';
import type { Sender } from '../../src/ports/sender';

/** One place where an adapter can be tried. */
export interface SenderPlace<P> {
  readonly payload: P;
  readonly to: Sending;
  /** A sender to a receiver that takes the payload. */
  readonly sender: Sender<P>;
  /** Ids of the messages that the receiver took, in order. */
  taken(): Promise<readonly string[]>;
  /** From now on the receiver refuses the message, now and later. */
  refuse(): Promise<void>;
  /** From now on it cannot take any message for a while. Null: this kind is never overloaded. */
  throttle: (() => Promise<void>) | null;
  /** From now on nothing listens. */
  goDown(): Promise<void>;
  /** Must not be in any message. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

/** The promises of `src/ports/sender.ts`. */
export function senderContract<P>(name: string, open: () => Promise<SenderPlace<P>>): void {
  describe(`the sender to ${name}`, () => {
    let place: SenderPlace<P>;
    beforeEach(async () => {
      place = await open();
    });
    afterEach(async () => {
      place.sender.close();
      await place.close();
    });

    const failureOf = async (): Promise<{ code: string; retryAfterMs: number | null }> => {
      const error: unknown = await place.sender.send(place.payload, place.to).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (!isTelltaleError(error)) throw new Error(`no error of Telltale: ${String(error)}`);
      for (const secret of place.secrets) expect(`${error.message} ${error.stack ?? ''}`).not.toContain(secret);
      return { code: error.code, retryAfterMs: error.retryAfterMs };
    };

    it('sends a message once, and returns an id', async () => {
      expect(await place.sender.send(place.payload, place.to)).not.toBe('');
      expect(await place.taken()).toEqual([place.to.id]);
    });

    it('sends a message again under the same id when it is asked to', async () => {
      await place.sender.send(place.payload, place.to);
      await place.sender.send(place.payload, { ...place.to, attempt: 2, possibleRepeat: true });
      expect(await place.taken()).toEqual([place.to.id, place.to.id]);
    });

    it('says that a message is refused', async () => {
      await place.refuse();
      expect(await failureOf()).toMatchObject({ code: 'DELIVERY_REFUSED' });
    });

    it('says that it failed when the receiver takes no message for a while', async () => {
      if (place.throttle === null) return;
      await place.throttle();
      expect((await failureOf()).code).toBe('DELIVERY_FAILED');
    });

    it('says that it failed when nothing listens', async () => {
      await place.goDown();
      expect(await failureOf()).toMatchObject({ code: 'DELIVERY_FAILED' });
    });
  });
}
