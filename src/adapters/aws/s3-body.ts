import type { Readable } from 'node:stream';

import { TelltaleError } from '../../errors';
import { s3Error } from './s3-errors';

export interface ExpectedBody {
  /** For messages. */
  readonly name: string;
  /** Bytes that the answer announced; null when it did not. */
  readonly length: number | null;
  /** After so long without a byte a body that somebody waits for has stalled, in milliseconds. */
  readonly stallMs: number;
}

/**
 * The pieces of an answer's body, as they come from the network: at most 64 KiB each, and none is asked for before the
 * last one was taken. Whoever takes his time is not hurried: only the wait for bytes is timed.
 * @throws OBJECT_STORE when the body stalls or ends early; what came before stands
 */
export function piecesOf(body: Readable, expected: ExpectedBody): AsyncIterable<Buffer> {
  // A body may fail before anybody asks for its first piece: that must not end the process. The reader is told then.
  body.on('error', () => undefined);
  return pieces(body, expected);
}

async function* pieces(body: Readable, { name, length, stallMs }: ExpectedBody): AsyncGenerator<Buffer> {
  const source: AsyncIterator<Buffer> = body.iterator();
  let received = 0;
  try {
    for (;;) {
      const stalled = new TelltaleError('OBJECT_STORE', `Cannot read ${name}: no byte came for ${stallMs / 1000} s.`);
      const deadline = setTimeout(() => body.destroy(stalled), stallMs);
      const next = await source.next().finally(() => clearTimeout(deadline));
      if (next.done === true) break;
      received += next.value.length;
      yield next.value;
    }
    if (length !== null && received !== length) {
      throw new TelltaleError('OBJECT_STORE', `Cannot read ${name}: it ended after ${received} of ${length} bytes.`);
    }
  } catch (error) {
    throw s3Error(error, `Cannot read on in ${name} after ${received} bytes`);
  } finally {
    body.destroy();
  }
}
