import { TimestampKind, byteAt, type Timestamp } from '../timestamps';

/**
 * Seconds, milli-, micro- or nanoseconds since the epoch, distinguished by magnitude (1973 to 5138). A fraction and an
 * exponent are allowed: `1795946400.123`, `1.795946400123E9`.
 */
export function readEpoch(bytes: Buffer, start: number, end: number, out: Timestamp): boolean {
  if (end - start < 9 || end - start > 30) return false;
  let value = 0;
  let digits = 0;
  let shift = 0;
  let pos = start;
  let isFraction = false;
  for (; pos < end; pos++) {
    const byte = byteAt(bytes, pos);
    if (byte >= 48 && byte <= 57) {
      // Digits beyond a number's precision add only to its size.
      if (digits++ < 15) value = value * 10 + byte - 48;
      if (digits > 15 && !isFraction) shift++;
      else if (digits <= 15 && isFraction) shift--;
    } else if (byte === 46 && !isFraction) {
      isFraction = true;
    } else {
      break;
    }
  }
  const exponent = pos === end ? 0 : readExponent(bytes, pos, end);
  if (Number.isNaN(exponent) || digits === 0) return false;
  shift += exponent;
  if (shift < 0) value /= powers[-shift] ?? Number.NaN;
  else if (shift > 0) value *= powers[shift] ?? Number.NaN;
  if (!(value >= 1e8) || value >= 1e20) return false;
  out.kind = TimestampKind.ABSOLUTE;
  if (value < 1e11) out.time = Math.floor(Math.round(value * 1e6) / 1e3);
  else if (value < 1e14) out.time = Math.floor(value);
  else if (value < 1e17) out.time = Math.floor(value / 1e3);
  else out.time = Math.floor(value / 1e6);
  return true;
}

/** Powers of ten. `10 ** n` is slow. */
const powers = Array.from({ length: 25 }, (_, n) => 10 ** n);

/** `E9` or `e+09`; NaN for anything else. */
function readExponent(bytes: Buffer, start: number, end: number): number {
  if ((byteAt(bytes, start) | 32) !== 101) return Number.NaN;
  let pos = start + 1;
  if (bytes[pos] === 43) pos++;
  if (pos >= end || end - pos > 2) return Number.NaN;
  let value = 0;
  for (; pos < end; pos++) {
    const digit = byteAt(bytes, pos) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
