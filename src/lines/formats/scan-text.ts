import { byteAt, isDigit, isLetter, skipSpaces } from '../timestamps';

/** Returns the position after the closing quote, given that of the opening one; `end` when there is none. */
export function quotedEnd(bytes: Buffer, pos: number, end: number, quote = 34): number {
  for (pos++; pos < end; pos++) {
    if (bytes[pos] === 92) pos++;
    else if (bytes[pos] === quote) return pos + 1;
  }
  return end;
}

/** True when bytes [start, end) begin with the ASCII text. */
export function startsWith(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (start + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** True when bytes [start, end) are the ASCII text. It is faster than `Buffer.compare`, which calls native code. */
export function spells(bytes: Buffer, start: number, end: number, text: string): boolean {
  return end - start === text.length && startsWith(bytes, start, end, text);
}

/** True when bytes [start, end) are one of the ASCII texts. */
export function spellsAny(bytes: Buffer, start: number, end: number, texts: readonly string[]): boolean {
  for (const text of texts) if (spells(bytes, start, end, text)) return true;
  return false;
}

/** A hexadecimal digit. */
export function isHex(byte: number): boolean {
  return isDigit(byte) || ((byte | 32) >= 97 && (byte | 32) <= 102);
}

/** The position of the next word: after the one at `pos`, and the spaces that follow it. */
export function skipWord(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && bytes[pos] !== 32) pos++;
  return skipSpaces(bytes, pos, end);
}

/** The position of the first occurrence of the text that begins in [pos, limit) and ends before `end`; -1 without one. */
export function findText(bytes: Buffer, pos: number, limit: number, end: number, text: string): number {
  const last = Math.min(limit, end - text.length + 1);
  for (; pos < last; pos++) if (startsWith(bytes, pos, end, text)) return pos;
  return -1;
}

/** Like {@link findText}, for the last occurrence that begins at `pos` or later. */
export function findLastText(bytes: Buffer, pos: number, end: number, text: string): number {
  for (let at = end - text.length; at >= pos; at--) if (startsWith(bytes, at, end, text)) return at;
  return -1;
}

/** The position after the letters at `pos`. */
export function lettersEnd(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && isLetter(byteAt(bytes, pos))) pos++;
  return pos;
}

/** The position of the next space, or `end`. */
export function endOfWord(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && bytes[pos] !== 32) pos++;
  return pos;
}
