import { byteAt, isDigit } from '../../timestamps';

/** The beginning of a JSON string, without its escapes. */

const maxText = 8192;

/** Holds the text of the last {@link unescapeJson}; the next call overwrites it. */
export const jsonText = Buffer.alloc(maxText);

/**
 * Copies the first line of the JSON string whose content is in bytes [start, end) to {@link jsonText}, at most 8 KiB.
 * @returns the copy's length
 */
export function unescapeJson(bytes: Buffer, start: number, end: number): number {
  let length = 0;
  for (let pos = start; pos < end && length < maxText - 3; pos++) {
    const byte = byteAt(bytes, pos);
    if (byte !== 92) {
      jsonText[length++] = byte;
      continue;
    }
    if (++pos >= end) break;
    switch (bytes[pos]) {
      case 110: // n
        if (length > 0) return length;
        break;
      case 114: // r
        break;
      case 116: // t
        jsonText[length++] = 9;
        break;
      case 98: // b
      case 102: // f
        jsonText[length++] = 32;
        break;
      case 117: // u
        length = writeUtf8(length, pos + 4 < end ? hexAt(bytes, pos + 1) : -1);
        pos += 4;
        break;
      default:
        jsonText[length++] = byteAt(bytes, pos);
    }
  }
  return length;
}

/** Writes a UTF-16 unit. Halves of a pair have no place in a head of a line, so each becomes one `?`. */
function writeUtf8(length: number, unit: number): number {
  if (unit < 0 || (unit >= 0xd800 && unit <= 0xdfff)) {
    jsonText[length++] = 63;
  } else if (unit < 0x80) {
    jsonText[length++] = unit;
  } else if (unit < 0x800) {
    jsonText[length++] = 0xc0 | (unit >> 6);
    jsonText[length++] = 0x80 | (unit & 63);
  } else {
    jsonText[length++] = 0xe0 | (unit >> 12);
    jsonText[length++] = 0x80 | ((unit >> 6) & 63);
    jsonText[length++] = 0x80 | (unit & 63);
  }
  return length;
}

/** The number in four hexadecimal digits; -1 for anything else. */
function hexAt(bytes: Buffer, pos: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = byteAt(bytes, pos + i);
    const lower = byte | 32;
    if (isDigit(byte)) value = value * 16 + byte - 48;
    else if (lower >= 97 && lower <= 102) value = value * 16 + lower - 87;
    else return -1;
  }
  return value;
}
