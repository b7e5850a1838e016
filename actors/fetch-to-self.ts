import { tell, type ActorContext } from '../src/kit';
import type { EventReader } from '../src/ports/event-log';
import type { Fetched } from './protocol';

/**
 * Fetches without blocking the mailbox: the actor handles messages while a fetch waits. The result comes as a message,
 * unless the actor has crashed or stopped meanwhile.
 */
export function fetchToSelf(reader: EventReader, maxBytes: number, context: ActorContext<Fetched>): void {
  const deliver = (message: Fetched): void => {
    if (!context.signal.aborted) tell(context.self, message);
  };
  reader.fetch(maxBytes, WAIT_MS).then(
    (fetched) => deliver({ type: 'fetched', reader, fetched }),
    (error: unknown) => deliver({ type: 'fetchFailed', reader, error }),
  );
}

/** How long a fetch waits for a record. */
const WAIT_MS = 5_000;
