import { isCapitals, headLevelOf } from './levels';
import { lettersEnd, startsWith } from './formats/scan-text';

/**
 * The streams of the wrapped lines above. A line cannot continue a record that a program wrote to another stream, so such a line
 * may be a record without a timestamp of its own. A stream is 1 (standard output), 2 (standard error) or 0 (not known).
 */
export class StreamOrder {
  /** The stream of the line above. */
  private above: number;
  /** The stream of the last record with a timestamp of its own. */
  private stamped: number;
  /** True when a line above says that the next trace belongs to the same error. */
  private isChained: boolean;

  /** @param bits what {@link bits} returned; 0 before the first line */
  constructor(bits: number) {
    this.above = bits & STREAM;
    this.stamped = (bits >> 2) & STREAM;
    this.isChained = (bits & CHAINED) !== 0;
  }

  /** The state as a number, for the checkpoint. */
  get bits(): number {
    return this.above + (this.stamped << 2) + (this.isChained ? CHAINED : 0);
  }

  /** Adds a wrapped line. @returns true when the line above is not of the same stream */
  add(stream: number): boolean {
    if (stream === 0) return false;
    const differs = this.above !== stream;
    this.above = stream;
    return differs;
  }

  /** The last line is a record with a timestamp of its own. */
  addStamped(stream: number): void {
    if (stream === 0) return;
    this.stamped = stream;
    this.isChained = false;
  }

  /** True when the records with timestamps are of the other stream. */
  isAside(stream: number): boolean {
    return stream !== 0 && this.stamped !== 0 && this.stamped !== stream;
  }

  /** True when the line in bytes [start, end) begins the trace of an error that no line above belongs to. */
  beginsTrace(bytes: Buffer, start: number, end: number): boolean {
    if (chains.some((text) => startsWith(bytes, start, end, text))) this.isChained = true;
    if (!traceHeads.some((text) => startsWith(bytes, start, end, text))) return false;
    const begins = !this.isChained;
    this.isChained = false;
    return begins;
  }
}

const STREAM = 3;
const CHAINED = 16;

const traceHeads = ['Traceback (most recent call last):', 'Exception in thread "'];
/** Python writes these between the traces of one error. */
const chains = ['During handling of the above exception', 'The above exception was the direct cause'];

const [space, colon, openBracket, closeBracket] = [32, 58, 91, 93];

/** True for a level in capitals before a colon or in brackets: `ERROR:root:x`, `[ERROR] x`. */
export function setsLevelOff(bytes: Buffer, start: number, end: number): boolean {
  const isInBrackets = start < end && bytes[start] === openBracket;
  let pos = isInBrackets ? start + 1 : start;
  while (isInBrackets && pos < end && bytes[pos] === space) pos++;
  const wordEnd = lettersEnd(bytes, pos, end);
  if (!isCapitals(bytes, pos, wordEnd) || headLevelOf(bytes, pos, wordEnd) === undefined) return false;
  let close = wordEnd;
  while (isInBrackets && close < end && bytes[close] === space) close++;
  return close < end && bytes[close] === (isInBrackets ? closeBracket : colon);
}
