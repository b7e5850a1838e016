import { Level } from '../line-batch';
import { headLevelOf, isCapitals, levelOfLetter, levelOfSeverity } from '../levels';
import { byteAt, isDigit, isLetter } from '../timestamps';
import { spells, spellsAny } from './scan-text';

/** Level tokens of the head of a line: words, groups in brackets, and labels before a colon. */

const space = 32;
const tab = 9;
const pipe = 124;
const dash = 45;
const colon = 58;

/** True when the byte ends a level in capitals: `ERROR`, `ERROR:`, `ERROR[12]`, `INFO/Main`, `WARN+2`. */
export function endsCapitals(bytes: Buffer, pos: number, end: number, delimiter: number): boolean {
  switch (delimiter) {
    case space:
    case tab:
    case colon:
    case pipe:
    case 44: // ,
    case 47: // /
    case 59: // ;
    case 91: // [
    case 93: // ]
    case 41: // )
    case 62: // >
      return true;
    case 34: // ", in a column
      return pos + 1 < end && (bytes[pos + 1] === 44 || bytes[pos + 1] === 59);
    case 43: // +
    case dash:
      return pos + 1 < end && isDigit(byteAt(bytes, pos + 1));
    default:
      return false;
  }
}

/** The bracket that closes the one at `pos`, which may hold nested pairs; -1 without one. */
export function groupEnd(bytes: Buffer, pos: number, limit: number): number {
  const open = byteAt(bytes, pos);
  const close = open === 40 ? 41 : open + 2;
  let depth = 0;
  for (; pos < limit; pos++) {
    if (bytes[pos] === open) depth++;
    else if (bytes[pos] === close && --depth === 0) return pos;
  }
  return -1;
}

/** `[ERROR]`, `[ info ]`, `(err)`, `[core:error]`, `[thread/INFO]`, `[ns#info]`, `[E]`, `[trace3]`, `[ERROR 12]`. */
export function groupLevel(bytes: Buffer, start: number, end: number): Level | undefined {
  while (start < end && bytes[start] === space) start++;
  while (end > start && bytes[end - 1] === space) end--;
  if (end - start === 1) return levelOfLetter(byteAt(bytes, start));
  const lettersEnd = isDigit(byteAt(bytes, end - 1)) ? end - 1 : end;
  let word = lettersEnd;
  while (word > start && isLetter(byteAt(bytes, word - 1))) word--;
  if (word === start) return headLevelOf(bytes, word, lettersEnd);
  const before = byteAt(bytes, word - 1);
  if (before === colon || before === 35 || (before === 47 && isCapitals(bytes, word, lettersEnd))) {
    return headLevelOf(bytes, word, lettersEnd);
  }
  let firstEnd = start;
  while (firstEnd < end && isLetter(byteAt(bytes, firstEnd))) firstEnd++;
  return bytes[firstEnd] === space && isCapitals(bytes, start, firstEnd)
    ? headLevelOf(bytes, start, firstEnd)
    : undefined;
}

/**
 * After a token that ends with a colon, free text begins. The level is its last part (`app.ERROR:`, `util.py[WARNING]:`,
 * `10.0.0.1:user@db:ERROR:`), or what directly follows the first word (`general: error: `, `x.go:3: [ERROR]`).
 */
export function levelOfLabel(bytes: Buffer, pos: number, tokenEnd: number, limit: number, words: number): Level {
  let end = tokenEnd - 1;
  if (end > pos && bytes[end - 1] === 93) end--;
  let word = end;
  while (word > pos && isLetter(byteAt(bytes, word - 1))) word--;
  const before = word > pos ? byteAt(bytes, word - 1) : 0;
  const isPart = before === 46 || before === colon || before === 47 || before === 35 || before === 91;
  const level = isPart && isCapitals(bytes, word, end) ? headLevelOf(bytes, word, end) : undefined;
  if (level !== undefined) return level;
  if (bytes[pos] === 37) return ciscoLevel(bytes, pos, tokenEnd) ?? Level.NONE;
  if (words > 0 || isCapitals(bytes, pos, tokenEnd - 1)) return Level.NONE;
  let next = tokenEnd;
  while (next < limit && bytes[next] === space) next++;
  if (next < limit && bytes[next] === 91) {
    const close = groupEnd(bytes, next, limit);
    return close === -1 ? Level.NONE : (groupLevel(bytes, next + 1, close) ?? Level.NONE);
  }
  return wordBeforeColon(bytes, next, limit);
}

/** `error: ` or `ERROR `. */
function wordBeforeColon(bytes: Buffer, pos: number, limit: number): Level {
  let end = pos;
  while (end < limit && isLetter(byteAt(bytes, end))) end++;
  const delimiter = end < limit ? byteAt(bytes, end) : space;
  const isStrong = delimiter === colon || (isCapitals(bytes, pos, end) && endsCapitals(bytes, end, limit, delimiter));
  return (isStrong ? headLevelOf(bytes, pos, end) : undefined) ?? Level.NONE;
}

/** `host ERROR [`, `switch %PORT-3-IF_ERROR:`, `PHP Warning:`, `PHP Fatal error:`, `Puppet (err):`: a name, then the level. */
export function levelAfterName(bytes: Buffer, pos: number, nameEnd: number, limit: number): Level {
  let next = nameEnd;
  while (next < limit && bytes[next] === space) next++;
  if (next >= limit || next === nameEnd) return Level.NONE;
  if (bytes[next] === 37) {
    let labelEnd = next;
    while (labelEnd < limit && bytes[labelEnd] !== space) labelEnd++;
    return ciscoLevel(bytes, next, labelEnd) ?? Level.NONE;
  }
  if (bytes[next] === 40) {
    const close = groupEnd(bytes, next, limit);
    return close === -1 || bytes[close + 1] !== colon ? Level.NONE : (groupLevel(bytes, next + 1, close) ?? Level.NONE);
  }
  let end = next;
  while (end < limit && isLetter(byteAt(bytes, end))) end++;
  if (spells(bytes, pos, nameEnd, 'PHP')) return phpLevel(bytes, next, end, limit);
  const isStrong =
    isCapitals(bytes, next, end) &&
    (bytes[end] === colon || (bytes[end] === space && (bytes[end + 1] === 91 || bytes[end + 1] === colon)));
  return (isStrong ? headLevelOf(bytes, next, end) : undefined) ?? Level.NONE;
}

/** The level of `fail`, which Microsoft.Extensions.Logging writes in small letters before a colon. */
export function failLevel(bytes: Buffer, pos: number, end: number): Level | undefined {
  return spells(bytes, pos, end, 'fail') ? Level.ERROR : undefined;
}

const phpErrors = ['Fatal', 'Parse', 'Recoverable', 'Catchable', 'Core', 'Compile'];
const phpNotices = ['Notice', 'Deprecated', 'Strict'];

/** https://www.php.net/manual/en/errorfunc.constants.php: `Fatal error`, `Warning`, `Notice`, `Deprecated`. */
function phpLevel(bytes: Buffer, pos: number, end: number, limit: number): Level {
  if (spellsAny(bytes, pos, end, phpErrors)) return Level.ERROR;
  if (spellsAny(bytes, pos, end, phpNotices)) return Level.INFO;
  return wordBeforeColon(bytes, pos, limit);
}

const facilities = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];

/** Reads syslog's `<0>` to `<191>`: sets the level and returns the position after it, or `start` when there is none. */
export function readPriority(bytes: Buffer, start: number, end: number, out: { level: Level }): number {
  if (start >= end || bytes[start] !== 60) return start;
  let pos = start + 1;
  let priority = 0;
  for (; pos < end && pos < start + 4 && isDigit(byteAt(bytes, pos)); pos++) {
    priority = priority * 10 + byteAt(bytes, pos) - 48;
  }
  if (pos === start + 1 || pos >= end || bytes[pos] !== 62 || priority > 191) return start;
  out.level = levelOfSeverity(priority % 8);
  return pos + 1;
}

/** Syslog's `daemon.err`. */
export function facilityLevel(bytes: Buffer, pos: number, wordEnd: number, end: number): Level | undefined {
  const dot = bytes[wordEnd] === 46 ? wordEnd : wordEnd + 1;
  if (dot + 3 > end || bytes[dot] !== 46) return undefined;
  const level = headLevelOf(bytes, dot + 1, end);
  return level !== undefined && spellsAny(bytes, pos, dot, facilities) ? level : undefined;
}

/** Cisco's `%LINK-3-UPDOWN:`, with the severities of syslog. */
export function ciscoLevel(bytes: Buffer, pos: number, end: number): Level | undefined {
  for (let i = pos + 1; i + 2 < end; i++) {
    const digit = byteAt(bytes, i + 1);
    if (bytes[i] === dash && bytes[i + 2] === dash && digit >= 48 && digit <= 55) return levelOfSeverity(digit - 48);
  }
  return undefined;
}
