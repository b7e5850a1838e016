import { formatsFor } from '../formats';
import { Level } from '../line-batch';
import { levelOfLetter } from '../levels';
import { TimestampKind, byteAt, isDigit } from '../timestamps';
import { plainHead, stripColors } from '../wrappers';
import { jsonLines, unescapeMessage } from './fields/json';
import { jsonText } from './fields/json-text';
import { logfmt } from './fields/logfmt';
import type { ParsedLine } from './format';
import { startOfRest } from './head';

const inner: ParsedLine = { level: Level.NONE, kind: TimestampKind.WALL, time: 0, status: 0 };

/**
 * The level in the head of the message of the JSON line that was read last, as shippers keep the lines that they do not
 * read: `{"timestamp":"…","message":"2026-11-29 10:00:00 ERROR …"}`. A message that is only text has none.
 */
export function levelInMessage(): Level {
  const length = unescapeMessage();
  const colored = jsonText.indexOf(escape);
  if (colored === -1 || colored >= length) return levelOfLine(jsonText, 0, length);
  return levelOfLine(plainHead, 0, stripColors(jsonText, 0, length));
}

const escape = 27;

function levelOfLine(bytes: Buffer, start: number, end: number): Level {
  for (const format of formatsFor(start < end ? bytes[start] : undefined)) {
    if (format.parse(bytes, start, end, inner)) return inner.level;
  }
  return Level.NONE;
}

/** A program's tag ends within this many bytes of its line. */
const maxTag = 160;

/**
 * The level in the text after a program's tag: a JSON object, logfmt pairs, or a line with a timestamp of its own.
 * `Nov 29 10:00:00 host app[7]: {"level":…}`, `2026-11-29T10:00:00Z heroku[router]: at=error code=H12`,
 * `Nov 29 10:00:00 host app[7]: 2026-11-29 10:00:00,123 ERROR …`. Other text has none.
 */
export function levelBehindTag(bytes: Buffer, start: number, end: number): Level {
  // Only the head scan reads lines that begin with a digit, so that the rest is of this line.
  const rest = isDigit(byteAt(bytes, start)) ? startOfRest() : end;
  // No tag: `kubectl logs --timestamps`
  if (rest + 2 < end && bytes[rest] === 32 && beginsLine(bytes, rest + 1)) return levelOfInner(bytes, rest + 1, end);
  const limit = Math.min(end - 2, start + maxTag);
  for (let pos = start; pos < limit; pos++) {
    if (bytes[pos] === 58 && bytes[pos + 1] === 32) return levelOfInner(bytes, pos + 2, end);
  }
  return Level.NONE;
}

/** True for the first bytes of JSON, and of `E1129 10:00:00` and `E, [2026-11-29T10:00:00`. */
function beginsLine(bytes: Buffer, pos: number): boolean {
  const next = byteAt(bytes, pos + 1);
  if (bytes[pos] === 123) return next === 34;
  return levelOfLetter(byteAt(bytes, pos)) !== undefined && (next === 44 || isDigit(next));
}

function levelOfInner(bytes: Buffer, pos: number, end: number): Level {
  const first = byteAt(bytes, pos);
  if (first === 91 || isDigit(first) || (first !== 123 && beginsLine(bytes, pos))) return levelOfLine(bytes, pos, end);
  const format = first === 123 ? jsonLines : logfmt;
  return format.parse(bytes, pos, end, inner) ? inner.level : Level.NONE;
}
