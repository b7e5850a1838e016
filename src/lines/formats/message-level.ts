import { formatsFor } from '../formats';
import { Level } from '../line-batch';
import { TimestampKind } from '../timestamps';
import { plainHead, stripColors } from '../wrappers';
import { unescapeMessage } from './fields/json';
import { jsonText } from './fields/json-text';
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
