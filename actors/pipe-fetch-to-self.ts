import { tell, type ActorContext } from '../src/kit';
import type { EventReader, FetchedBatches } from '../src/ports/event-log';

/** The messages that a fetch sends to its actor. */
export interface FetchMessages<M> {
  readonly fetched: (fetched: FetchedBatches) => M;
  readonly failed: (error: unknown) => M;
}

/**
 * Fetches beside the mailbox, so that the actor handles messages while a fetch waits. The result comes as a message, unless
 * this start of the actor is over.
 */
export function pipeFetchToSelf<M>(
  reader: EventReader,
  { maxBytes, waitMs }: { readonly maxBytes: number; readonly waitMs: number },
  messages: FetchMessages<M>,
  context: ActorContext<M>,
): void {
  const deliver = (message: M): void => {
    if (!context.signal.aborted) tell(context.self, message);
  };
  reader.fetch(maxBytes, waitMs).then(
    (fetched) => deliver(messages.fetched(fetched)),
    (error: unknown) => deliver(messages.failed(error)),
  );
}
