import { byteAt, isDigit, isVisible, skipSpaces } from '../../timestamps';
import type { LineFormat } from '../format';
import { emptyHash, fieldOf, hashByte } from './field-table';
import { FoundFields } from './found-fields';
import { quotedEnd } from '../scan-text';

const found = new FoundFields();

/**
 * `ts=2021-10-07T22:43:13.379Z level=error msg="…"`: a line that begins with `name=value` pairs, among them a time, or a
 * level and one more. The first word without `=` ends the pairs; text follows.
 */
export const logfmt: LineFormat = {
  name: 'logfmt',
  mayBeginWith: isNameByte,
  parse(bytes, start, end, out) {
    let pairs = 0;
    for (let pos = skipPriority(bytes, start, end); pos < end; pos = skipSpaces(bytes, pos, end)) {
      const name = pos;
      let hash = emptyHash;
      for (; pos < end && isNameByte(byteAt(bytes, pos)); pos++) hash = hashByte(hash, byteAt(bytes, pos));
      if (pos === name || pos >= end || bytes[pos] !== 61) break;
      if (pairs++ === 0) found.reset(bytes);
      const value = pos + 1;
      const quote = value < end ? bytes[value] : 0;
      const isQuoted = quote === 34 || quote === 39;
      pos = isQuoted ? quotedEnd(bytes, value, end, quote) : bareEnd(bytes, value, end);
      const field = fieldOf(hash);
      if (field === undefined) continue;
      if (isQuoted) found.take(field, bytes, value + 1, bytes[pos - 1] === quote ? pos - 1 : pos, true);
      else found.take(field, bytes, value, pos, true);
    }
    if (pairs === 0 || (!found.hasTime && (!found.hasLevel || pairs === 1))) return false;
    found.finish(out);
    return true;
  },
};

/** Devices send pairs after the `<189>` of syslog. */
function skipPriority(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] !== 60) return start;
  let pos = start + 1;
  while (pos < end && pos < start + 4 && isDigit(byteAt(bytes, pos))) pos++;
  return bytes[pos] === 62 ? pos + 1 : start;
}

/** Name bytes are visible and neither `=` nor `"`. */
function isNameByte(byte: number): boolean {
  return isVisible(byte) && byte !== 61 && byte !== 34;
}

function bareEnd(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && bytes[pos] !== 32) pos++;
  return pos;
}
