import { tell, type ActorContext } from '../src/kit';
import type { EventReader, FetchedBatches } from '../src/ports/event-log';

/** What a fetch becomes in the mailbox of the actor that asked for it. */
export interface FetchMessages<M> {
  readonly fetched: (fetched: FetchedBatches) => M;
  readonly failed: (error: unknown) => M;
}

/**
 * Fetches beside the mailbox: a fetch may wait for long, and an actor that waited with it would hear nothing meanwhile.
 * The result comes as a message, unless this start of the actor is over.
 */
export function fetchToSelf<M>(
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
