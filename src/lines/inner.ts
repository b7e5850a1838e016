/** A line without what wraps it, in bytes [start, end). */
export interface Inner {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** The position of the first byte that is not white space of ASCII; `end` for a blank line. */
export function textStart({ bytes, start, end }: Inner): number {
  let pos = start;
  while (pos < end && isWhiteSpace(bytes[pos] ?? 0)) pos++;
  return pos;
}

/** True when the line has only white space, or no byte. */
export function isBlank(line: Inner): boolean {
  return textStart(line) >= line.end;
}

/** Tab, line feed, vertical tab, form feed, carriage return, space. */
function isWhiteSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
