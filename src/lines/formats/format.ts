import type { Level } from '../line-batch';
import type { Timestamp } from '../timestamps';

/** What a format reads from a line. One object serves all lines. */
export interface ParsedLine extends Timestamp {
  level: Level;
}

/** A way in which a program writes the first line of a record. */
export interface LineFormat {
  /** Kept in checkpoints: never changes. */
  readonly name: string;
  /** Can a line that begins with this byte fit? Most lines of a stack trace are turned away by it. */
  readonly mayBeginWith: (byte: number) => boolean;
  /**
   * Does the line in bytes [start, end) fit? If so, level and stamp are in `out`; if not, `out` holds anything.
   * Reads nothing outside the line.
   */
  readonly parse: (bytes: Buffer, start: number, end: number, out: ParsedLine) => boolean;
}
