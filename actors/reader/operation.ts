import type { ReaderEvent } from '../../src/ingestion/reader/protocol';
import type { LineBatch } from '../../src/lines/line-batch';

/** A request action in progress. It advances turn by turn: an actor's deadline is for one read, not for a whole object. */
export interface Operation {
  /**
   * One turn: at most one request to the store, or one chunk.
   * @throws as the store; the operation is over then
   */
  next(): Promise<Progress>;
  /** Closes what the operation reads. May be called while `next` is pending, and after the end. */
  close(): Promise<void>;
}

/** `batch`: the lines that a `scanned` event is about. */
export type Progress = 'unfinished' | { readonly event: ReaderEvent; readonly batch: LineBatch | null };

/** One request to the store. */
export function asking(request: () => Promise<ReaderEvent>): Operation {
  return {
    next: async () => ({ event: await request(), batch: null }),
    close: () => Promise.resolve(),
  };
}

/**
 * Reads a stream for what it shows.
 * @param push takes the next chunk; `enough` ends the reading before the end of the stream
 * @param result is called once, after the stream was closed
 */
export function consuming(
  chunks: AsyncIterable<Buffer>,
  push: (chunk: Buffer) => 'more' | 'enough',
  result: () => ReaderEvent,
): Operation {
  const iterator = chunks[Symbol.asyncIterator]();
  const close = async (): Promise<void> => {
    await iterator.return?.();
  };
  return {
    next: async () => {
      const chunk = await iterator.next();
      if (chunk.done !== true && push(chunk.value) === 'more') return 'unfinished';
      await close();
      return { event: result(), batch: null };
    },
    close,
  };
}
