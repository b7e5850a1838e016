import { tell, type ActorContext } from '../src/kit';
import type { ObjectInfo, ObjectStore } from '../src/ports/object-store';
import type { IngestMessage } from './protocol';

/** How many objects of a listing are handed over at once. */
const PORTION = 1_000;

/**
 * Lists a bucket from after a key on, without blocking the mailbox. Portions come as messages; the last message says how
 * the listing ended. An actor that restarted meanwhile gets none: it starts a listing of its own.
 */
export function listBucket(
  { store, bucket, prefix }: { readonly store: ObjectStore; readonly bucket: string; readonly prefix: string },
  after: string,
  context: ActorContext<IngestMessage>,
): void {
  let last = after;
  let objects: ObjectInfo[] = [];
  const flush = (): void => {
    if (objects.length > 0) tell(context.self, { type: 'listed', objects });
    last = objects.at(-1)?.key ?? last;
    objects = [];
  };
  const list = async (): Promise<void> => {
    for await (const object of store.list(bucket, { prefix, ...(after === '' ? {} : { after }) })) {
      if (context.signal.aborted) return;
      objects.push(object);
      if (objects.length >= PORTION) flush();
    }
  };
  const end = (message: () => IngestMessage): void => {
    if (context.signal.aborted) return;
    flush();
    tell(context.self, message());
  };
  list().then(
    () => end(() => ({ type: 'listingCompleted' })),
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      end(() => ({ type: 'listingInterrupted', after: last, reason }));
    },
  );
}
