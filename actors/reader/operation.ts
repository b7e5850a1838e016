import type { ReaderEvent } from '../../src/ingestion/reader/protocol';
import type { LineBatch } from '../../src/lines/line-batch';
import type { SketchBlock } from '../../src/lines/repeats/sketch';

/** A request action in progress. It advances turn by turn: an actor's deadline is for one read, not for a whole object. */
export interface Operation {
  /**
   * One turn: at most one request to the store, or one chunk.
   * @throws as the store; the operation is over then
   */
  next(): Promise<Progress>;
  /** Closes the content that the operation reads. May be called while `next` is pending, and after the end. */
  close(): Promise<void>;
}

export type Progress = 'unfinished' | Answer;

export interface Answer {
  readonly event: ReaderEvent;
  /** The lines that a `scanned` event is about. */
  readonly scanned: ScannedLines | null;
}

export interface ScannedLines {
  readonly batch: LineBatch;
  /** Blocks of the source's sketch that these lines have filled. */
  readonly blocks: readonly SketchBlock[];
}

/** One request to the store. */
export function asking(request: () => Promise<ReaderEvent>): Operation {
  return {
    next: async () => ({ event: await request(), scanned: null }),
    close: () => Promise.resolve(),
  };
}

/**
 * Reads a stream, and computes a result from it.
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
      return { event: result(), scanned: null };
    },
    close,
  };
}
