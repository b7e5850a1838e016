import type { Level } from '../line-batch';
import type { Timestamp } from '../timestamps';

/** What a format reads from a line. All lines share one object. */
export interface ParsedLine extends Timestamp {
  level: Level;
  /** HTTP status code of a request; 0 without one. */
  status: number;
}

/** The form of a record's first line. */
export interface LineFormat {
  /** Checkpoints keep it, so it must never change. */
  readonly name: string;
  /** True when a line that begins with this byte may match. Rejects most lines of a stack trace cheaply. */
  readonly mayBeginWith: (byte: number) => boolean;
  /**
   * Matches the line in bytes [start, end) and reads nothing else. On success `out` holds level and timestamp;
   * otherwise the contents of `out` are undefined.
   */
  readonly parse: (bytes: Buffer, start: number, end: number, out: ParsedLine) => boolean;
  /**
   * True when it reads lines otherwise than the head scan would, which matches them too: it is tried before the head
   * scan even while that is the current format.
   */
  readonly precedesHead?: true;
}
