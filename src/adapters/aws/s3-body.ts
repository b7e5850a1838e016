import type { Readable } from 'node:stream';

import { TelltaleError } from '../../errors';
import { s3Error } from './s3-errors';

export interface ExpectedBody {
  /** For messages. */
  readonly name: string;
  /** Announced number of bytes; null when the answer announced none. */
  readonly length: number | null;
  /** A body has stalled when a waiting reader receives no byte for this many milliseconds. */
  readonly stallMs: number;
}

/**
 * The pieces of an answer's body as they arrive: at most 64 KiB each, and requested only after the last one was taken.
 * A slow reader causes no timeout: only the wait for bytes is timed.
 * @throws OBJECT_STORE when the body stalls or ends early; earlier pieces are valid
 */
export function piecesOf(body: Readable, expected: ExpectedBody): AsyncIterable<Buffer> {
  // A body may fail before the reader requests its first piece. That must not end the process; the reader gets the
  // error later.
  body.on('error', () => undefined);
  return pieces(body, expected);
}

async function* pieces(body: Readable, { name, length, stallMs }: ExpectedBody): AsyncGenerator<Buffer> {
  const source: AsyncIterator<Buffer> = body.iterator();
  let received = 0;
  try {
    for (;;) {
      const stalled = new TelltaleError(
        'OBJECT_STORE',
        `Cannot read ${name}: no byte arrived for ${stallMs / 1000} s.`,
      );
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
    throw s3Error(error, `Cannot continue reading ${name} after ${received} bytes`);
  } finally {
    body.destroy();
  }
}
