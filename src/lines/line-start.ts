import { byteAt, skipSpaces } from './timestamps';

/** Finds where the text of a line begins. */

/**
 * The position after what a line begins with that does not belong to its text: NULs, a return of the carriage, a form feed,
 * the separator of JSON text sequences (RFC 7464), marks of Unicode that are not seen, and `[` or `,` between the objects
 * of a JSON array.
 */
export function skipNoText(bytes: Buffer, start: number, end: number): number {
  let pos = start;
  for (;;) {
    const byte = pos < end ? byteAt(bytes, pos) : 32;
    if (byte === 0 || (byte >= 11 && byte <= 13) || byte === 30) pos++;
    else if (byte > 127 && isInvisible(bytes, pos, end)) pos += 3;
    else break;
  }
  const first = pos < end ? bytes[pos] : 0;
  if (first !== 44 && first !== 91) return pos;
  const object = skipSpaces(bytes, pos + 1, Math.min(end, pos + 3));
  return object + 1 < end && bytes[object] === 123 && bytes[object + 1] === 34 ? object : pos;
}

/** The position of an object in braces that is all of an indented line; -1 without one. */
export function indentedObject(bytes: Buffer, start: number, end: number): number {
  let pos = start;
  while (pos < end && (bytes[pos] === 32 || bytes[pos] === 9)) pos++;
  if (pos + 2 >= end || bytes[pos] !== 123) return -1;
  let last = end - 1;
  while (bytes[last] === 32 || bytes[last] === 13) last--;
  const quote = bytes[pos + 1];
  return bytes[last] === 125 && (quote === 34 || quote === 39) ? pos : -1;
}

/** A byte order mark, U+200B to U+200F, or U+202A to U+202E: marks of width zero, and of the direction of writing. */
function isInvisible(bytes: Buffer, pos: number, end: number): boolean {
  if (pos + 3 > end) return false;
  const last = byteAt(bytes, pos + 2);
  if (bytes[pos] === 0xef) return bytes[pos + 1] === 0xbb && last === 0xbf;
  if (bytes[pos] !== 0xe2 || bytes[pos + 1] !== 0x80) return false;
  return (last >= 0x8b && last <= 0x8f) || (last >= 0xaa && last <= 0xae);
}
