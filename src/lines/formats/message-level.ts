import { formatsFor } from '../formats';
import { Level } from '../line-batch';
import { TimestampKind } from '../timestamps';
import { plainHead, stripColors } from '../wrappers';
import { jsonLines, unescapeMessage } from './fields/json';
import { jsonText } from './fields/json-text';
import { logfmt } from './fields/logfmt';
import type { ParsedLine } from './format';

const inner: ParsedLine = { level: Level.NONE, kind: TimestampKind.WALL, time: 0, status: 0 };

/**
 * The level in the head of the message of the JSON line that was read last, as shippers keep the lines that they do not
 * read: `{"timestamp":"…","message":"2026-11-29 10:00:00 ERROR …"}`. A message that is only text has none.
 */
export function levelInMessage(): Level {
  const length = unescapeMessage();
  const colored = jsonText.indexOf(escape);
  if (colored === -1 || colored >= length) return levelOfLine(jsonText, length);
  return levelOfLine(plainHead, stripColors(jsonText, 0, length));
}

const escape = 27;

function levelOfLine(bytes: Buffer, length: number): Level {
  for (const format of formatsFor(length === 0 ? undefined : bytes[0])) {
    if (format.parse(bytes, 0, length, inner)) return inner.level;
  }
  return Level.NONE;
}

/** A program's tag ends within this many bytes of its line. */
const maxTag = 160;

/**
 * The level in the JSON object or logfmt pairs that follow a program's tag: `Nov 29 10:00:00 host app[7]: {"level":…}`,
 * `2026-11-29T10:00:00Z heroku[router]: at=error code=H12`. Other text has none.
 */
export function levelBehindTag(bytes: Buffer, start: number, end: number): Level {
  const limit = Math.min(end - 2, start + maxTag);
  for (let pos = start; pos < limit; pos++) {
    if (bytes[pos] !== 58 || bytes[pos + 1] !== 32) continue;
    const format = bytes[pos + 2] === 123 ? jsonLines : logfmt;
    return format.parse(bytes, pos + 2, end, inner) ? inner.level : Level.NONE;
  }
  return Level.NONE;
}
