import { tell, type ActorContext } from '../src/kit';
import type { ObjectInfo, ObjectStore } from '../src/ports/object-store';
import type { IngestMessage } from './protocol';

/** The listing is handed over in portions of this many objects. */
const LISTED_AT_ONCE = 1_000;

/** A listing that breaks off goes on after 0.25, 0.5, 1 … s, until it broke off this often at one place; then the next one has to do. */
export const LISTING_ATTEMPTS = 5;
export const listingPause = (attempts: number): number => 250 * 2 ** (attempts - 1);

/** Lists a bucket beside the mailbox, behind a key; portions come as messages, and at last how it ended. */
export function listBucket(
  { store, bucket, prefix }: { readonly store: ObjectStore; readonly bucket: string; readonly prefix: string },
  after: string,
  context: ActorContext<IngestMessage>,
): void {
  let passed = after;
  let objects: ObjectInfo[] = [];
  const flush = (): void => {
    if (objects.length > 0) tell(context.self, { type: 'listed', objects });
    passed = objects.at(-1)?.key ?? passed;
    objects = [];
  };
  const portions = async (): Promise<void> => {
    for await (const object of store.list(bucket, { prefix, ...(after === '' ? {} : { after }) })) {
      if (context.signal.aborted) return;
      objects.push(object);
      if (objects.length >= LISTED_AT_ONCE) flush();
    }
  };
  const end = (message: () => IngestMessage): void => {
    // Whoever has started over lists by himself: the end of this listing is not that of his.
    if (context.signal.aborted) return;
    flush();
    tell(context.self, message());
  };
  portions().then(
    () => end(() => ({ type: 'listedAll' })),
    (error: unknown) => end(() => ({ type: 'listingFailed', after: passed, error })),
  );
}
