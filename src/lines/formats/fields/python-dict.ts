import { byteAt } from '../../timestamps';
import type { LineFormat } from '../format';
import { jsonFields, jsonLines } from './json';

/** No more than this much of a line is read. */
const maxDict = 8192;
const json = Buffer.alloc(2 * maxDict);

const quote = 39;
const doubleQuote = 34;
const backslash = 92;

/**
 * A dict with a time or a level, as Python prints it: `{'time': '2026-11-29T10:00:00Z', 'level': 'error', 'msg': "it's"}`.
 */
export const pythonDict: LineFormat = {
  name: 'python-dict',
  mayBeginWith: (byte) => byte === 123,
  parse(bytes, start, end, out) {
    if (bytes[start + 1] !== quote || start + 2 > end) return false;
    const length = toJson(bytes, start, Math.min(end, start + maxDict));
    return jsonLines.parse(json, 0, length, out) && (jsonFields.hasTime || jsonFields.hasLevel);
  },
};

/** Writes the dict as JSON, with its quotes. Returns the length. */
function toJson(bytes: Buffer, start: number, end: number): number {
  let length = 0;
  let open = 0;
  for (let pos = start; pos < end; pos++) {
    const byte = byteAt(bytes, pos);
    if (byte === backslash && pos + 1 < end) {
      const next = byteAt(bytes, ++pos);
      if (next !== quote) json[length++] = backslash;
      json[length++] = next;
    } else if (open === 0 && (byte === quote || byte === doubleQuote)) {
      open = byte;
      json[length++] = doubleQuote;
    } else if (byte === open) {
      open = 0;
      json[length++] = doubleQuote;
    } else {
      if (byte === doubleQuote) json[length++] = backslash;
      json[length++] = byte;
    }
  }
  return length;
}
