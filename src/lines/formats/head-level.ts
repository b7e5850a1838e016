import { Level } from '../line-batch';
import { headLevelOf, isCapitals, levelOfLetter, mayBeginSentence } from '../levels';
import { byteAt, isDigit, isLetter } from '../timestamps';
import {
  ciscoLevel,
  endsCapitals,
  failLevel,
  facilityLevel,
  groupEnd,
  groupLevel,
  levelAfterName,
  levelOfLabel,
} from './level-tokens';
import { spells, spellsAny } from './scan-text';

/**
 * Finds the level in the head of a text line: the first strong level token after the timestamp, before free text
 * begins. A token is strong in capitals, in brackets, or set off by a colon, tab, pipe or dash. Words of the message
 * never count.
 */

/** A level is at most this many bytes after the timestamp. */
const maxHead = 240;
/** At most this many tokens lie before the level. */
const maxTokens = 24;
/** At most this many of them are words: host, thread, logger. */
const maxWords = 5;
/** The name of a thread, which other words may follow. */
const mainThread = 'main';

const space = 32;
const tab = 9;
const pipe = 124;
const dash = 45;
const colon = 58;

export const headNotes = {
  /** Set when an escape sequence lies in the head: the line must be read without its colors. */
  hasEscape: false,
  /** Set when a level in small letters stands in a column of its own, directly after the timestamp. */
  showsColumn: false,
  /** True while other lines of the source have shown that column: any level word in it counts. */
  trustsColumn: false,
};

/** Prepares the notes for a line. @param trustsColumn see {@link headNotes} */
export function expectColumn(trustsColumn: boolean): void {
  headNotes.showsColumn = false;
  headNotes.trustsColumn = trustsColumn;
}

/**
 * The level in the bytes after a timestamp; NONE when free text begins before any.
 * @param takesAnyCase true when a level word in small letters may follow the timestamp directly
 */
export function scanLevel(bytes: Buffer, start: number, end: number, takesAnyCase: boolean): Level {
  const limit = Math.min(end, start + maxHead);
  let pos = start;
  let separator = 0;
  let words = 0;
  let fields = 0;
  for (let token = 0; token < maxTokens; token++) {
    while (pos < limit && bytes[pos] === space) pos++;
    if (pos >= limit) return Level.NONE;
    const byte = byteAt(bytes, pos);
    if (byte === tab || byte === pipe || byte === 44 || byte === 59) {
      separator = byte;
      pos++;
    } else if (isClosing(byte)) {
      pos++;
    } else if (byte === dash && isDashAlone(bytes, pos, limit)) {
      separator = dash;
      while (pos < limit && (bytes[pos] === dash || bytes[pos] === 62)) pos++;
    } else if (byte === 91 || byte === 40 || byte === 60 || byte === 123) {
      const close = groupEnd(bytes, pos, limit);
      if (close === -1) return Level.NONE;
      const level = groupLevel(bytes, pos + 1, close);
      if (level !== undefined) return level;
      pos = close + 1;
    } else if (byte === 27) {
      headNotes.hasEscape = true;
      return Level.NONE;
    } else if ((byte === 0xe2 || byte === 0xf0) && isSymbol(bytes, pos, limit)) {
      pos = endOfToken(bytes, pos, limit);
    } else {
      let wordEnd = pos;
      while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
      const level = wordLevel(bytes, pos, wordEnd, end, words, separator, takesAnyCase);
      if (level !== undefined) return level;
      const tokenEnd = endOfToken(bytes, wordEnd, limit);
      const last = byteAt(bytes, tokenEnd - 1);
      const equals = tokenEnd === wordEnd ? -1 : equalsSign(bytes, pos, tokenEnd);
      if (equals !== -1) {
        const found = pairLevel(bytes, pos, equals, limit);
        if (found !== undefined) return found;
        pos = endOfValue(bytes, equals + 1, limit);
      } else if (last === colon) {
        return levelOfLabel(bytes, pos, tokenEnd, limit, words);
      } else if (tokenEnd === wordEnd || isProse(bytes, pos, tokenEnd, last)) {
        if (spells(bytes, pos, tokenEnd, mainThread)) {
          words++;
          pos = tokenEnd;
        } else {
          if (separator !== pipe && separator !== dash && separator !== tab) {
            return words === 0 ? levelAfterName(bytes, pos, tokenEnd, limit) : Level.NONE;
          }
          pos = nextSeparator(bytes, tokenEnd, limit, separator);
          if (pos === -1 || ++fields > maxWords) return Level.NONE;
        }
      } else {
        const dotted = words === 0 ? facilityLevel(bytes, pos, wordEnd, tokenEnd) : undefined;
        if (dotted !== undefined) return dotted;
        if (byte === 37) return ciscoLevel(bytes, pos, tokenEnd) ?? Level.NONE;
        if (!isNumber(bytes, pos, tokenEnd) && ++words > maxWords) return Level.NONE;
        pos = tokenEnd;
      }
    }
  }
  return Level.NONE;
}

/** Brackets and punctuation that end after a timestamp. */
function isClosing(byte: number): boolean {
  return byte === colon || byte === 93 || byte === 62 || byte === 41 || byte === 34 || byte === 61;
}

/** True for a sign that stands alone, such as an arrow or a picture: `› ✖  error`. */
function isSymbol(bytes: Buffer, pos: number, limit: number): boolean {
  const end = endOfToken(bytes, pos, limit);
  for (let i = pos; i < end; i++) if (byteAt(bytes, i) < 128) return false;
  return end - pos <= maxSymbol;
}

/** The bytes of a picture and of what chooses its form. */
const maxSymbol = 7;

function isDashAlone(bytes: Buffer, pos: number, limit: number): boolean {
  let after = pos;
  while (after < limit && (bytes[after] === dash || bytes[after] === 62)) after++;
  return after >= limit || bytes[after] === space || bytes[after] === tab;
}

/** The level of a word in bytes [pos, wordEnd), judged by the bytes around it; undefined for other words. */
function wordLevel(
  bytes: Buffer,
  pos: number,
  wordEnd: number,
  end: number,
  words: number,
  separator: number,
  takesAnyCase: boolean,
): Level | undefined {
  const delimiter = wordEnd < end ? byteAt(bytes, wordEnd) : space;
  if (wordEnd - pos === 1) return letterLevel(bytes, pos, end, words, delimiter);
  const level = headLevelOf(bytes, pos, wordEnd);
  if (level === undefined) return words === 0 && delimiter === colon ? failLevel(bytes, pos, wordEnd) : undefined;
  if (isCapitals(bytes, pos, wordEnd)) return endsCapitals(bytes, wordEnd, end, delimiter) ? level : undefined;
  let next = wordEnd;
  while (next < end && bytes[next] === space) next++;
  const after = next < end ? byteAt(bytes, next) : 0;
  const isFirst = words === 0;
  const isSetOff =
    after === pipe ||
    (isFirst && (after === colon || delimiter === 93 || delimiter === 62 || delimiter === 41)) ||
    (separator === tab && (delimiter === tab || wordEnd === end)) ||
    (separator === dash && after === dash && isDashAlone(bytes, next, end)) ||
    ((separator === 44 || separator === 59) && delimiter === separator) ||
    (isFirst && takesAnyCase && (delimiter === tab || (delimiter === space && isInColumn(bytes, pos, wordEnd, end))));
  return isSetOff ? level : undefined;
}

/**
 * True when a level word in small letters, after which a space follows, is not the first word of a sentence: `info started`,
 * `error    refused`, `error [x] refused`, `error Could not`, but not `error rate is 0`.
 */
function isInColumn(bytes: Buffer, pos: number, wordEnd: number, end: number): boolean {
  let next = wordEnd;
  while (next < end && bytes[next] === space) next++;
  const isColumn = next > wordEnd + 1 || next >= end || !mayBeginSentence(bytes, pos, wordEnd);
  if (!isColumn && !beginsOther(bytes, next, end)) return headNotes.trustsColumn;
  headNotes.showsColumn = true;
  return true;
}

/** True for what does not continue a sentence: a bracket, a word with a capital, or one with a mark of a name in it. */
function beginsOther(bytes: Buffer, pos: number, end: number): boolean {
  const first = byteAt(bytes, pos);
  if (isDigit(first)) return false;
  if (!isLetter(first)) return first === 91 || first === 60 || first === 123 || first === pipe || first === dash;
  if (first < 97) return true;
  for (let at = pos; at < end && bytes[at] !== space; at++) {
    const byte = byteAt(bytes, at);
    const isMark = byte === colon || byte === 61 || byte === 95 || byte === 91 || byte === 46 || byte === 47;
    if (byte === 93 || (isMark && at + 1 < end && bytes[at + 1] !== space)) return true;
  }
  // `error shop : refused`
  const wordEnd = endOfToken(bytes, pos, end);
  return bytes[wordEnd + 1] === colon && bytes[wordEnd + 2] === space && wordEnd + 2 < end;
}

/** A single letter: `E!`, `E |`, `E/Tag`, `E [conn1]`, `E NETWORK`, `E tensorflow/core/x.cc:12]`. */
function letterLevel(bytes: Buffer, pos: number, end: number, words: number, delimiter: number): Level | undefined {
  const level = levelOfLetter(byteAt(bytes, pos));
  if (level === undefined || words > 0) return undefined;
  if (delimiter === 33 || delimiter === 47) return level;
  let next = pos + 1;
  while (next < end && bytes[next] === space) next++;
  if (next === pos + 1 || next >= end) return undefined;
  const after = byteAt(bytes, next);
  if (after === pipe || after === 91 || (after === dash && isDashAlone(bytes, next, end))) return level;
  const tokenEnd = endOfToken(bytes, next, end);
  if (isCapitals(bytes, next, tokenEnd) && tokenEnd - next > 1) return level;
  if (byteAt(bytes, pos) === 65 || byteAt(bytes, pos) === 67) return undefined; // A, C
  for (let i = next; i < tokenEnd; i++) {
    const byte = byteAt(bytes, i);
    if (isDigit(byte) || byte === colon || byte === 47 || byte === 46 || byte === 95 || byte === 93) return level;
  }
  return undefined;
}

function endOfToken(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && bytes[pos] !== space && bytes[pos] !== tab && bytes[pos] !== pipe) pos++;
  return pos;
}

/** Words with quotes or punctuation belong to a sentence. */
function isProse(bytes: Buffer, pos: number, end: number, last: number): boolean {
  if (last === 46 || last === 44 || last === 33 || last === 63) return true;
  for (let i = pos; i < end; i++) if (bytes[i] === 39 || bytes[i] === 34 || byteAt(bytes, i) > 127) return true;
  return false;
}

function isNumber(bytes: Buffer, pos: number, end: number): boolean {
  for (let i = pos; i < end; i++) if (!isDigit(byteAt(bytes, i))) return false;
  return true;
}

/** The position after the next separator of the same kind; a dash stands between spaces. -1 when there is none. */
function nextSeparator(bytes: Buffer, pos: number, limit: number, separator: number): number {
  for (; pos < limit; pos++) {
    if (bytes[pos] !== separator) continue;
    if (separator !== dash || (bytes[pos - 1] === space && isDashAlone(bytes, pos, limit))) return pos + 1;
  }
  return -1;
}

/** Position of the first `=` of a `name=value` token; -1 when another mark comes first. */
function equalsSign(bytes: Buffer, pos: number, end: number): number {
  for (let i = pos; i < end; i++) {
    const byte = byteAt(bytes, i);
    if (byte === 61) return i > pos ? i : -1;
    if (!isLetter(byte) && !isDigit(byte) && byte !== 95 && byte !== 46 && byte !== dash) return -1;
  }
  return -1;
}

const levelKeys = ['level', 'Level', 'LEVEL', 'lvl', 'severity', 'loglevel', 'log_level', 'log.level'];

function pairLevel(bytes: Buffer, pos: number, equals: number, end: number): Level | undefined {
  if (!spellsAny(bytes, pos, equals, levelKeys)) return undefined;
  const start = bytes[equals + 1] === 34 ? equals + 2 : equals + 1;
  let wordEnd = start;
  while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
  return headLevelOf(bytes, start, wordEnd);
}

function endOfValue(bytes: Buffer, pos: number, end: number): number {
  if (bytes[pos] !== 34) return endOfToken(bytes, pos, end);
  for (pos++; pos < end && bytes[pos] !== 34; pos++) if (bytes[pos] === 92) pos++;
  return Math.min(end, pos + 1);
}
