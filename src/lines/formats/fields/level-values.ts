import { Level } from '../../line-batch';
import { levelOf, levelOfSeverity } from '../../levels';
import { byteAt, isDigit } from '../../timestamps';
import { LevelScale, LoggerMark } from './field-roles';

/** Reads the values of level fields: words, letters, and numbers by their scale. */

/** The level that a word names, with what loggers put around it: colors, brackets, blanks. */
export function levelOfText(bytes: Buffer, start: number, end: number): Level | undefined {
  const exact = levelOf(bytes, start, end);
  if (exact !== undefined) return exact;
  start = skipColor(bytes, start, end);
  while (start < end && isWrapping(byteAt(bytes, start))) start++;
  let wordEnd = start;
  while (wordEnd < end && !isWrapping(byteAt(bytes, wordEnd)) && !isEscape(byteAt(bytes, wordEnd))) wordEnd++;
  return levelOf(bytes, start, withoutDistance(bytes, start, wordEnd));
}

/** The end of the word in `WARN+2` and `DEBUG-4`, as Go's slog names a level between its own. */
function withoutDistance(bytes: Buffer, start: number, end: number): number {
  let pos = end;
  while (pos > start && isDigit(byteAt(bytes, pos - 1))) pos--;
  const sign = pos > start && pos < end ? byteAt(bytes, pos - 1) : 0;
  return sign === 43 || sign === 45 ? pos - 1 : end;
}

/** `ESC[31m`, with the escape character itself or as JSON has it: `\u001b[31m`. */
function skipColor(bytes: Buffer, start: number, end: number): number {
  if (start >= end || !isEscape(byteAt(bytes, start))) return start;
  for (let pos = start; pos < end && pos < start + 20; pos++) if (bytes[pos] === 109) return pos + 1;
  return start;
}

/** The escape character, or the backslash of its escape. */
function isEscape(byte: number): boolean {
  return byte === 27 || byte === 92;
}

/** A blank, a bracket or a colon. */
function isWrapping(byte: number): boolean {
  return byte === 32 || byte === 91 || byte === 93 || byte === 58;
}

/** `E`, `W`, `I`, also with a number as `D2`. */
export function levelOfLetter(bytes: Buffer, start: number, end: number): Level | undefined {
  if (end - start !== 1 && !(end - start === 2 && isDigit(byteAt(bytes, start + 1)))) return undefined;
  switch (byteAt(bytes, start) & ~32) {
    case 69: // E
    case 70: // F
    case 67: // C
    case 65: // A
    case 80: // P
      return Level.ERROR;
    case 87: // W
      return Level.WARN;
    case 73: // I
    case 78: // N
      return Level.INFO;
    case 68: // D
    case 84: // T
    case 86: // V
      return Level.DEBUG;
    default:
      return undefined;
  }
}

/** The integer in bytes [start, end) with up to six digits; NaN for anything else. */
export function smallNumber(bytes: Buffer, start: number, end: number): number {
  const negative = bytes[start] === 45;
  let pos = negative ? start + 1 : start;
  if (pos >= end || end - pos > 6) return Number.NaN;
  let value = 0;
  for (; pos < end; pos++) {
    const digit = byteAt(bytes, pos) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/**
 * The level of a number on a scale.
 * @param marks bits of {@link LoggerMark}: they overrule the scale
 */
export function levelOfNumber(value: number, scale: number, marks: number): Level | undefined {
  if (scale === LevelScale.BY_SIZE || scale === LevelScale.SYSLOG) {
    if ((marks & LoggerMark.NEXTCLOUD) !== 0 && value <= 4) return rising(value);
    if ((marks & LoggerMark.OSQUERY) !== 0 && value <= 3) return rising(value + 1);
    if ((marks & LoggerMark.WINDOWS) !== 0 && value >= 1 && value <= 5) return levelOfSeverity(value + 1);
  }
  switch (scale) {
    case LevelScale.SYSLOG:
    case LevelScale.BY_SIZE:
      return bySize(value);
    case LevelScale.OPEN_TELEMETRY:
      return openTelemetry(value);
    case LevelScale.PYTHON:
      return tens(value + 10);
    case LevelScale.RISING:
      return rising(value);
    case LevelScale.LAGER:
      return value >= 2 && value <= 3 ? Level.ERROR : value >= 0 && value <= 1 ? rising(value) : bySize(value);
    case LevelScale.VERBOSITY:
      return Level.INFO;
    default:
      return undefined;
  }
}

/**
 * Syslog 0–7; OpenTelemetry 8–24; pino and bunyan 10–60 (30 is information); Monolog and Google Cloud 100–800;
 * Logback and log4js 5000 trace, 10000 debug, 20000 information, 30000 warning, 40000 error.
 */
function bySize(value: number): Level | undefined {
  if (value < 0) return value >= -8 ? Level.DEBUG : undefined;
  if (value <= 7) return levelOfSeverity(value);
  if (value <= 24 && value % 5 !== 0) return openTelemetry(value);
  if (value < 100) return value >= 10 ? tens(value) : undefined;
  if (value >= 10_000) return tens(value / 1000 + 10);
  if (value <= 800) return hundreds(value);
  return value === 5000 ? Level.DEBUG : undefined;
}

/** 10 trace, 20 debug, 30 information, 40 warning, 50 error, 60 fatal. */
function tens(value: number): Level {
  if (value >= 50) return Level.ERROR;
  if (value >= 40) return Level.WARN;
  return value >= 30 ? Level.INFO : Level.DEBUG;
}

/** 100 debug, 200 information, 250 notice, 300 warning, 400 error and above. */
function hundreds(value: number): Level {
  if (value >= 400) return Level.ERROR;
  if (value >= 300) return Level.WARN;
  return value >= 200 ? Level.INFO : Level.DEBUG;
}

/** OpenTelemetry, "Log data model", field SeverityNumber. */
function openTelemetry(value: number): Level | undefined {
  if (value < 1 || value > 24) return undefined;
  if (value >= 17) return Level.ERROR;
  if (value >= 13) return Level.WARN;
  return value >= 9 ? Level.INFO : Level.DEBUG;
}

function rising(value: number): Level | undefined {
  if (value < 0 || value > 5) return undefined;
  if (value >= 3) return Level.ERROR;
  if (value === 2) return Level.WARN;
  return value === 1 ? Level.INFO : Level.DEBUG;
}
