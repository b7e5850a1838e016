import { byteAt, isDigit, isLetter } from '../timestamps';

/**
 * True when the line begins with `2026-11-29`, `[2026-11-29` (also with `/` or `.`) or `Nov 29 10:`. Then no format that
 * precedes the head scan reads it, and of the wrappers only that of containerd, whose prefix the head scan refuses.
 */
export function beginsWithDate(bytes: Buffer, start: number, end: number): boolean {
  if (start + 16 > end) return false;
  const first = byteAt(bytes, start);
  return isLetter(first) ? isMonthDayHour(bytes, start) : isYearFirst(bytes, first === 91 ? start + 1 : start);
}

function isYearFirst(bytes: Buffer, pos: number): boolean {
  const separator = bytes[pos + 4];
  return (
    (separator === 45 || separator === 47 || separator === 46) &&
    bytes[pos + 7] === separator &&
    isDigit(byteAt(bytes, pos)) &&
    isDigit(byteAt(bytes, pos + 1)) &&
    isDigit(byteAt(bytes, pos + 2)) &&
    isDigit(byteAt(bytes, pos + 3)) &&
    isDigit(byteAt(bytes, pos + 5)) &&
    isDigit(byteAt(bytes, pos + 8))
  );
}

function isMonthDayHour(bytes: Buffer, pos: number): boolean {
  return (
    bytes[pos + 3] === 32 &&
    bytes[pos + 6] === 32 &&
    bytes[pos + 9] === 58 &&
    isLetter(byteAt(bytes, pos + 1)) &&
    isLetter(byteAt(bytes, pos + 2)) &&
    isDigit(byteAt(bytes, pos + 5)) &&
    isDigit(byteAt(bytes, pos + 7)) &&
    isDigit(byteAt(bytes, pos + 8))
  );
}
