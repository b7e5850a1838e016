import { compilePattern, patternProblem } from '../config/line-pattern';
import { customFormat, type LinePattern } from '../lines/formats/custom';
import type { LineFormat, ParsedLine } from '../lines/formats/format';
import { levelLetters, levelOf, levelOfLetter } from '../lines/levels';
import { Level } from '../lines/line-batch';
import { TimestampKind } from '../lines/timestamps';

/** A custom format: `pattern` and `levels` of an entry of `ingest.sources`. */
export interface GuessedFormat {
  readonly pattern: string;
  readonly levels: Record<string, 'error' | 'warn' | 'info' | 'debug'>;
}

const month = '(?<month>[A-Za-z]{3,9})';
const dates: readonly string[] = [
  '(?<year>\\d{4})[-/._; ](?<month>\\d{1,2}|[A-Za-z]{3,9})[-/._; ](?<day>\\d{1,2})',
  `(?<day>\\d{1,2})[-/._; ]${month}[-/._; ](?<year>\\d{4})`,
  '(?<day>\\d{1,2})[-/.;](?<month>\\d{1,2})[-/.;](?<year>\\d{4})',
  '(?<month>\\d{1,2})[-/](?<day>\\d{1,2})[-/](?<year>\\d{4})',
  `${month}[. ]+(?<day>\\d{1,2}),? (?<year>\\d{4})`,
  '(?<year>\\d{4})(?<month>\\d\\d)(?<day>\\d\\d)',
  `${month} +(?<day>\\d{1,2})`,
];
/** With two digits for the year: only a timestamp as a whole is read with such a date, in an order that fits all lines. */
const shortDate = '\\d{1,2}[-/.]\\d{1,2}[-/.]\\d\\d';
const between = '(?:T|[^A-Za-z0-9]{1,3})';
const seconds = '(?:[.,](?<fraction>\\d+))?';
const clock = `(?<hour>\\d{1,2})[:.](?<minute>\\d\\d)[:.](?<second>\\d\\d)${seconds}`;
const shortClock = '(?<hour>\\d{1,2}):(?<minute>\\d\\d)';

/** Timestamps with a group for each number. */
const numbered: readonly string[] = [
  ...dates.map((date) => date + between + clock),
  ...dates.map((date) => clock + between + date),
  ...dates.map((date) => date + between + shortClock),
];
const clockOnly = `(?<hour>\\d\\d?):(?<minute>\\d\\d):(?<second>\\d\\d)${seconds}`;

const zone = '(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|GMT|[+-]\\d\\d:?\\d\\d))?';

/** Timestamps, those with the most parts first: each as a whole, including its zone, and as numbers. */
const timestamps: readonly string[] = [
  ...numbered.flatMap(wholeAndNumbers),
  whole(`${shortDate}${between}${clock}`),
  ...wholeAndNumbers(clockOnly),
  '\\b(?<time>1\\d{9}(?:\\d{3}|\\.\\d+)?)\\b',
];

function wholeAndNumbers(pattern: string): string[] {
  return [whole(pattern), `\\b${pattern}\\b`];
}

function whole(pattern: string): string {
  return `\\b(?<time>${withoutGroups(pattern)}${zone})\\b`;
}

function withoutGroups(pattern: string): string {
  return pattern.replace(/\(\?<\w+>([^()|]*)\)/g, '$1').replace(/\?<\w+>/g, '?:');
}

/** A share of the best count that is good enough for a timestamp with more parts. */
const goodEnough = 0.9;
/** A timestamp begins within this many bytes of its line. */
const maxBefore = 200;
/** A level ends within this many bytes after the timestamp. */
const maxAfter = 120;
/** Maximum number of patterns that are compared. */
const maxCandidates = 40;

const noWords: ReadonlyMap<string, Level> = new Map();
const letterWords: ReadonlyMap<string, Level> = new Map(
  levelLetters.flatMap(([level, letters]) => Array.from(letters, (letter) => [letter, level] as const)),
);

/** Samples of which at least half match. */
interface Candidate {
  readonly pattern: string;
  readonly withLetters: boolean;
  readonly matches: number;
  readonly withLevel: number;
}

/**
 * Guesses the format of lines that match no known form: the most complete timestamp that at least half of them have,
 * and a level word or letter near it. A guess only: the caller reads the file with it.
 * @param samples lines as bytes, without terminators
 * @returns null when they have no common timestamp
 */
export function guessFormat(samples: readonly Buffer[]): GuessedFormat | null {
  const timestamp = commonTimestamp(samples);
  if (timestamp === null) return null;
  const counts = new Map<string, number>();
  for (const sample of samples) {
    for (const pattern of patternsLike(sample, timestamp)) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  }
  const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, maxCandidates);
  const candidates = frequent
    .map(([pattern]) => tried(pattern, samples))
    .filter(({ matches }) => 2 * matches >= samples.length)
    .sort((a, b) => b.withLevel - a.withLevel || b.matches - a.matches);
  const best = candidates[0];
  return best === undefined ? null : { pattern: best.pattern, levels: best.withLetters ? letterLevels() : {} };
}

function letterLevels(): GuessedFormat['levels'] {
  return Object.fromEntries(
    [...letterWords].flatMap(([letter, level]) => {
      const name = configuredNames[level];
      return name === undefined ? [] : [[letter, name]];
    }),
  );
}

const configuredNames: readonly ('error' | 'warn' | 'info' | 'debug')[] = ['error', 'warn', 'info', 'debug'];

/** The first of {@link timestamps} that occurs in nearly as many samples as the most frequent one, and in at least half. */
function commonTimestamp(samples: readonly Buffer[]): string | null {
  const counted = timestamps.map((pattern) => {
    const split = splitter(pattern);
    return { pattern, count: samples.filter((sample) => split(sample) !== null).length };
  });
  const most = Math.max(...counted.map(({ count }) => count));
  if (most === 0 || 2 * most < samples.length) return null;
  return counted.find(({ count }) => count >= goodEnough * most)?.pattern ?? null;
}

/** A line before and after its timestamp, one character per byte. */
interface Split {
  readonly before: string;
  readonly after: string;
}

/** Finds a readable timestamp that is not followed by more of it. */
function splitter(pattern: string): (sample: Buffer) => Split | null {
  const compiled = compilePattern(pattern);
  const parses = reader(compiled, noWords);
  return (sample) => {
    if (parses(sample) === null) return null;
    const before = sample.toString('latin1', 0, compiled.start(0));
    const after = sample.toString('latin1', compiled.end(0), compiled.end(0) + maxAfter);
    return before.length > maxBefore || /^ ?(?:[AaPp][Mm]|UTC|GMT|[+-]\d\d:?\d\d)\b/.test(after)
      ? null
      : { before, after };
  };
}

/** Reads a line with a pattern; returns its level, null when it does not match or has no readable timestamp. */
function reader(pattern: LinePattern, words: ReadonlyMap<string, Level>): (sample: Buffer) => Level | null {
  const format: LineFormat = customFormat(pattern, words);
  const out: ParsedLine = { level: Level.NONE, kind: TimestampKind.WALL, time: 0, status: 0 };
  return (sample) => (format.parse(sample, 0, sample.length, out) ? out.level : null);
}

function tried(pattern: string, samples: readonly Buffer[]): Candidate {
  const withLetters = pattern.includes(letterGroup);
  if (patternProblem(pattern) !== null) return { pattern, withLetters, matches: 0, withLevel: 0 };
  const read = reader(compilePattern(pattern), withLetters ? letterWords : noWords);
  const levels = samples.map(read).filter((level) => level !== null);
  const withLevel = levels.filter((level) => level !== Level.NONE).length;
  return { pattern, withLetters, matches: levels.length, withLevel };
}

const wordGroup = '(?<level>[A-Za-z]+)\\b';
const letterGroup = '(?<level>[A-Z])\\b';

/** Patterns for lines such as this one: without a level, and with each word that may be one. */
function patternsLike(sample: Buffer, timestamp: string): string[] {
  const split = splitter(timestamp)(sample);
  if (split === null) return [];
  const { before, after } = split;
  return [
    `^${like(before)}${timestamp}`,
    ...levelPlaces(before).map(({ start, end, group }) => {
      return `^${like(before.slice(0, start))}${group}${like(before.slice(end))}${timestamp}`;
    }),
    ...levelPlaces(after).map(({ start, group }) => {
      return `^${like(before)}${timestamp}${like(after.slice(0, start))}${group}`;
    }),
  ];
}

interface LevelPlace {
  readonly start: number;
  readonly end: number;
  readonly group: string;
}

/** The first words in the place of a level: in capitals, or set off by more than a space. */
function levelPlaces(text: string): LevelPlace[] {
  const places: LevelPlace[] = [];
  for (const { 0: word, index: start } of text.matchAll(/\b[A-Za-z]+\b/g)) {
    const end = start + word.length;
    const bytes = Buffer.from(word, 'latin1');
    const isSetOff = /[[(<|;,\t="]/.test(text.charAt(start - 1)) || /[\])>|;,\t:"]/.test(text.charAt(end));
    const isCapital = word === word.toUpperCase();
    if (word.length === 1 && isCapital && levelOfLetter(bytes[0] ?? 0) !== undefined) {
      places.push({ start, end, group: letterGroup });
    } else if ((isCapital || isSetOff) && levelOf(bytes, 0, bytes.length) !== undefined) {
      places.push({ start, end, group: wordGroup });
    }
    if (places.length === 3) break;
  }
  return places;
}

const closing: Readonly<Record<string, string>> = { '[': ']', '(': ')', '<': '>', '{': '}', '"': '"' };

/**
 * A pattern for texts such as this one: words and numbers may differ, blanks and punctuation may not. The last word
 * before a group keeps its letters, since the group might begin inside it.
 */
function like(text: string): string {
  let pattern = '';
  for (let pos = 0; pos < text.length;) {
    const first = text.charAt(pos);
    const close = text.indexOf(closing[first] ?? '\n', pos + 1);
    const word = /^[^\s|,;=[\](){}<>"]+/.exec(text.slice(pos))?.[0] ?? '';
    if (close !== -1) {
      pattern += `${quoted(first)}[^${quoted(text.charAt(close))}]*${quoted(text.charAt(close))}`;
      pos = close + 1;
    } else if (/\s/.test(first)) {
      pattern += '\\s+';
      while (/\s/.test(text.charAt(pos))) pos++;
    } else if (word === '') {
      pattern += quoted(first);
      pos++;
    } else {
      pos += word.length;
      pattern += pos < text.length ? anyWord(text.charAt(pos)) : word.replace(/\d+|[^\d]/g, literal);
    }
  }
  return pattern;
}

/** A word that ends before a blank or a separator. */
function anyWord(next: string): string {
  return /\s/.test(next) ? '\\S+' : `[^\\s${quoted(next)}]+`;
}

function literal(part: string): string {
  if (/^\d/.test(part)) return '\\d+';
  return /^[ -~]$/.test(part) ? quoted(part) : '[^ -~]';
}

function quoted(character: string): string {
  return /[\\.+*?()|[\]{}^$-]/.test(character) ? `\\${character}` : character;
}
