import { formatsFor } from '../formats';
import { Level } from '../line-batch';
import { headLevelOf, isCapitals, isOnlyInCapitals, levelOfLetter } from '../levels';
import { TimestampKind, byteAt, isDigit, isLetter } from '../timestamps';
import { escape, plainHead, stripColors } from '../wrappers';
import { skipNoText } from '../line-start';
import { jsonLines, unescapeMessage } from './fields/json';
import { jsonText } from './fields/json-text';
import { logfmt } from './fields/logfmt';
import type { ParsedLine } from './format';
import { restOfHead } from './head';
import { localLevelBefore } from './local-levels';
import { ciscoLevel, endsCapitals, groupEnd, groupLevel } from './level-tokens';
import { cefLevel } from './programs/networks';
import { endOfWord, lettersEnd, startsWith } from './scan-text';
import { maxTag, syslogTag } from './syslog';

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

function levelOfLine(bytes: Buffer, start: number, end: number): Level {
  for (const format of formatsFor(start < end ? bytes[start] : undefined)) {
    if (format.parse(bytes, start, end, inner)) return inner.level;
  }
  return Level.NONE;
}

/**
 * The level after the tag of syslog, before free text: in capitals, or in brackets. `ERROR refused`, `[warn] slow`,
 * `[3-1] LOG:  started`. Small letters are of the text: `error: kex_exchange_identification`.
 */
function levelBeforeText(bytes: Buffer, start: number, end: number): Level {
  // Most texts begin with a word in small letters.
  if (byteAt(bytes, start) >= 97 || (byteAt(bytes, start + 1) >= 97 && isLetter(byteAt(bytes, start))))
    return Level.NONE;
  if (startsWith(bytes, start, end, 'CEF:')) return cefLevel(bytes, start, end);
  let pos = start;
  for (let group = 0; group < 3; group++) {
    while (pos < end && bytes[pos] === 32) pos++;
    if (bytes[pos] !== 91 && bytes[pos] !== 60) break;
    const close = groupEnd(bytes, pos, Math.min(end, pos + maxGroup));
    if (close === -1) return Level.NONE;
    const level =
      close > pos + 2 ? (groupLevel(bytes, pos + 1, close) ?? levelInParts(bytes, pos + 1, close)) : undefined;
    if (level !== undefined) return level;
    pos = close + 1;
  }
  if (bytes[pos] === 37) return ciscoLevel(bytes, pos, endOfWord(bytes, pos, end)) ?? Level.NONE;
  let wordEnd = pos;
  while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
  if (!isCapitals(bytes, pos, wordEnd)) return Level.NONE;
  const delimiter = wordEnd < end ? byteAt(bytes, wordEnd) : 32;
  const isLevel =
    delimiter === 58 || (endsCapitals(bytes, wordEnd, end, delimiter) && !isOnlyInCapitals(bytes, pos, wordEnd));
  return (isLevel ? headLevelOf(bytes, pos, wordEnd) : undefined) ?? Level.NONE;
}

/** `[error|host|7 x||y]` of Xen, and `[ID 107833 kern.warning]` of Solaris. */
function levelInParts(bytes: Buffer, start: number, end: number): Level | undefined {
  let pos = start;
  while (pos < end && bytes[pos] === 32) pos++;
  const wordEnd = lettersEnd(bytes, pos, end);
  if (bytes[wordEnd] === 124) return headLevelOf(bytes, pos, wordEnd);
  if (!startsWith(bytes, start, end, 'ID ')) return undefined;
  let word = end;
  while (word > start && isLetter(byteAt(bytes, word - 1))) word--;
  return bytes[word - 1] === 46 ? headLevelOf(bytes, word, end) : undefined;
}

const maxGroup = 64;

/**
 * The level in the text after a program's tag: a JSON object, logfmt pairs, or a line with a timestamp of its own.
 * `Nov 29 10:00:00 host app[7]: {"level":…}`, `2026-11-29T10:00:00Z heroku[router]: at=error code=H12`,
 * `Nov 29 10:00:00 host app[7]: 2026-11-29 10:00:00,123 ERROR …`. Other text has none.
 */
export function levelBehindTag(bytes: Buffer, start: number, end: number, isHead: boolean): Level {
  if (!isHead && syslogTag.textStart > 0 && syslogTag.bytes === bytes) {
    const { textStart } = syslogTag;
    // Most tags end with a process in brackets.
    const local = bytes[textStart - 3] === 93 ? undefined : localLevelBefore(bytes, start, textStart - 2);
    return local ?? levelInText(bytes, textStart, end);
  }
  const first = isLetter(byteAt(bytes, start)) ? start : skipNoText(bytes, start, end);
  // The head scan tells where a timestamp ends, except for that of syslog.
  if (isHead) {
    const rest = restOfHead();
    const lineStart = rest.bytes === bytes ? first : 0;
    if (rest.start > lineStart) return levelAfterRest(rest.bytes, rest.start, rest.end);
  }
  if (bytes[first] !== escape) return levelAfterHost(bytes, first + syslogTimestamp, end);
  return levelAfterHost(plainHead, syslogTimestamp, stripColors(bytes, first, end));
}

function levelAfterRest(bytes: Buffer, rest: number, end: number): Level {
  // No tag: `kubectl logs --timestamps`
  if (rest + 2 < end && bytes[rest] === 32 && beginsLine(bytes, rest + 1)) return levelOfInner(bytes, rest + 1, end);
  return levelAfterHost(bytes, rest + 1, end);
}

/** @param host where the host begins, or the tag */
function levelAfterHost(bytes: Buffer, host: number, end: number): Level {
  const limit = Math.min(end - 2, host + maxTag);
  let words = 0;
  for (let pos = host; pos < limit; pos++) {
    const byte = byteAt(bytes, pos);
    if (byte === 32) {
      if (++words === 1 && isPairAt(bytes, pos + 1, end)) return levelOfInner(bytes, pos + 1, end);
    } else if (byte === 58) {
      if (bytes[pos + 1] === 32) {
        const local = localLevelBefore(bytes, host, pos);
        if (local !== undefined) return local;
        return words <= 1 ? levelInText(bytes, pos + 2, end) : levelOfInner(bytes, pos + 2, end);
      }
      if (pos >= host + 3 && startsWith(bytes, pos - 3, end, 'CEF:')) return cefLevel(bytes, pos - 3, end);
    }
  }
  return Level.NONE;
}

/** The level in the text directly after a tag. */
function levelInText(bytes: Buffer, pos: number, end: number): Level {
  const first = byteAt(bytes, pos);
  // A small letter begins a pair, or a text without a level.
  if (first >= 97 && first !== 123 && !beginsWithPair(bytes, pos, end)) return Level.NONE;
  const level = levelOfInner(bytes, pos, end);
  return level === Level.NONE ? levelBeforeText(bytes, pos, end) : level;
}

/** `Nov 29 10:00:00 ` */
const syslogTimestamp = 16;

/** True for `name=`, with which logfmt pairs begin. */
function isPairAt(bytes: Buffer, pos: number, end: number): boolean {
  let at = pos;
  while (at < end && isLetter(byteAt(bytes, at))) at++;
  return at > pos && at < end && bytes[at] === 61;
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
  // Most text has neither object nor pair.
  if (first !== 123 && !beginsWithPair(bytes, pos, end)) return Level.NONE;
  const format = first === 123 ? jsonLines : logfmt;
  return format.parse(bytes, pos, end, inner) ? inner.level : Level.NONE;
}

/** True when a word with `=` follows, as every line of logfmt begins. */
function beginsWithPair(bytes: Buffer, pos: number, end: number): boolean {
  while (pos < end && bytes[pos] !== 32 && bytes[pos] !== 61) pos++;
  return pos < end && bytes[pos] === 61;
}
