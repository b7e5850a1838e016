/** Converts between numbers and decimal ASCII bytes without making strings. */

const zero = 48;
const minus = 45;
/** Numbers below it are split into digits with 32-bit integers. */
const billion = 1_000_000_000;

/** Number of bytes of an integer within ±2^53 in decimal. */
export function decimalLength(value: number): number {
  if (value >= 1e12 && value < 1e13) return 13; // epoch milliseconds of 2001 to 2286
  if (value < 0) return 1 + decimalLength(-value);
  let length = 1;
  for (let limit = 10; value >= limit; limit *= 10) length++;
  return length;
}

/** Writes an integer within ±2^53, whose {@link decimalLength} is `length`, at `pos`; returns the position after it. */
export function writeDecimal(out: Buffer, pos: number, value: number, length: number): number {
  const end = pos + length;
  if (value < 0) {
    out[pos++] = minus;
    value = -value;
  }
  if (value < billion) {
    writeDigits(out, pos, end, value);
  } else {
    const high = Math.floor(value / billion);
    writeDigits(out, pos, end - 9, high);
    writeDigits(out, end - 9, end, value - high * billion);
  }
  return end;
}

/** Fills [start, end) with digits, two at a time, including leading zeros. */
function writeDigits(out: Buffer, start: number, end: number, value: number): void {
  let left = value | 0;
  let last = end - 1;
  for (; last > start; last -= 2) {
    const rest = (left / 100) | 0;
    const pair = (left - rest * 100) << 1;
    out[last] = pairs[pair + 1] ?? zero;
    out[last - 1] = pairs[pair] ?? zero;
    left = rest;
  }
  if (last === start) out[last] = zero + left;
}

/** `00`, `01` … `99`. */
const pairs = Buffer.from(Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0')).join(''));

/** The integer in bytes [start, end); NaN unless they hold one below 2^53. */
export function readDecimal(bytes: Buffer, start: number, end: number): number {
  const negative = bytes[start] === minus;
  const from = negative ? start + 1 : start;
  if (from >= end || end - from > 16) return Number.NaN;
  let value = 0;
  for (let i = from; i < end; i++) {
    const digit = (bytes[i] ?? 0) - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}
