import { levelOf } from '../levels';
import { Level } from '../line-batch';
import { readHalfDay } from '../clocks';
import { monthOf } from '../month-names';
import { readAnyTimestamp, type TimestampReader } from '../timestamp-forms';
import {
  TimestampKind,
  addClock,
  addDay,
  epochDay,
  fullYear,
  isDigit,
  readAsctime,
  readDateTime,
  type Timestamp,
} from '../timestamps';
import { readEpoch } from './epoch';
import type { LineFormat } from './format';

/** Custom formats: the user's regular expressions with named groups for level and timestamp. */

/** A compiled regular expression. Matching must take linear time for any expression and any bytes (`hostile-input`). */
export interface LinePattern {
  /** Group numbers by name. */
  readonly groups: ReadonlyMap<string, number>;
  /** Searches anywhere in the bytes. Each byte that is not valid UTF-8 counts as U+FFFD. */
  find(bytes: Uint8Array): boolean;
  /** Index of a group's first byte in the last match; -1 when the group did not participate. */
  start(group: number): number;
  /** Index after that group's last byte. */
  end(group: number): number;
}

/** A pattern sees at most this many bytes of a line, so that a long line costs no more than a short one. */
const headBytes = 4096;

/**
 * Makes a format that matches lines with the pattern and a readable timestamp. The group `time` holds the timestamp in
 * any known form; alternatively, one group holds each number ({@link groupProblem}). The group `level` holds a word of
 * `words`, in that exact spelling, or a known level; otherwise the level is NONE. Blanks around a group are ignored.
 *
 * Unlike other formats, it allocates some objects per line.
 */
export function customFormat(pattern: LinePattern, words: ReadonlyMap<string, Level>): LineFormat {
  const readTime = pattern.groups.has('time') ? readTimestamp : readNumbers;
  return {
    name: 'own',
    mayBeginWith: () => true,
    parse(bytes, start, end, out) {
      const head = bytes.subarray(start, Math.min(end, start + headBytes));
      if (!pattern.find(head)) return false;
      const groups = new Groups(pattern, head);
      out.level = readLevel(groups, words);
      return readTime(groups, out);
    },
  };
}

const numberGroups = ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction', 'ampm'] as const;
type GroupName = 'level' | 'time' | (typeof numberGroups)[number];

const groupNames: readonly string[] = ['level', 'time', ...numberGroups] satisfies GroupName[];

/** Describes the expected group names when a pattern's names are wrong; null when they are valid. */
export function groupProblem(names: ReadonlySet<string>): string | null {
  const unknown = [...names].find((name) => !groupNames.includes(name));
  if (unknown !== undefined) return `groups named ${groupNames.join(', ')} and no other, found (?<${unknown}>…)`;
  const numbers = numberGroups.filter((name) => names.has(name));
  if (names.has('time')) {
    return numbers.length > 0 ? `either a group time or groups such as ${numbers.join(', ')}, not both` : null;
  }
  if (!names.has('hour') || !names.has('minute')) return 'a group time, or at least the groups hour and minute';
  if (names.has('month') !== names.has('day')) return 'both groups month and day, or neither';
  if (names.has('year') && !names.has('month')) return 'groups month and day beside year';
  if (names.has('fraction') && !names.has('second')) return 'a group second beside fraction';
  return null;
}

/** A group's bytes: [start, end) of `head`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The groups matched in the head of one line. */
class Groups {
  constructor(
    private readonly pattern: LinePattern,
    readonly head: Buffer,
  ) {}

  /** A group without surrounding blanks; null when it did not participate. */
  span(name: GroupName): Span | null {
    const group = this.pattern.groups.get(name);
    let start = group === undefined ? -1 : this.pattern.start(group);
    if (group === undefined || start === -1) return null;
    let end = this.pattern.end(group);
    while (start < end && this.head[start] === 32) start++;
    while (end > start && this.head[end - 1] === 32) end--;
    return { start, end };
  }

  text({ start, end }: Span): string {
    return this.head.toString('utf8', start, end);
  }

  /** The number in a group of one or two digits; -1 when it is not a number; null when it did not participate. */
  number(name: GroupName): number | null {
    const span = this.span(name);
    return span === null ? null : this.digits(span, 2);
  }

  digits({ start, end }: Span, most: number): number {
    if (start === end || end - start > most) return -1;
    let value = 0;
    for (let i = start; i < end; i++) {
      const byte = this.head[i] ?? 0;
      if (!isDigit(byte)) return -1;
      value = value * 10 + byte - 48;
    }
    return value;
  }
}

function readLevel(groups: Groups, words: ReadonlyMap<string, Level>): Level {
  const span = groups.span('level');
  if (span === null) return Level.NONE;
  return words.get(groups.text(span)) ?? levelOf(groups.head, span.start, span.end) ?? Level.NONE;
}

/** Reads the group `time`, which must hold one timestamp and nothing else. */
function readTimestamp(groups: Groups, out: Timestamp): boolean {
  const { head } = groups;
  const span = groups.span('time');
  if (span === null) return false;
  const { start, end } = span;
  if (readAnyTimestamp(head, start, end, out) === end) return true;
  const fits = furtherForms.some(({ kind, read }) => {
    out.kind = kind;
    out.time = 0;
    return read(head, start, end, out) === end;
  });
  return fits || readEpoch(head, start, end, out);
}

/** Forms that {@link readAnyTimestamp} does not read, or not in the same way. */
const furtherForms: readonly { readonly kind: TimestampKind; readonly read: TimestampReader }[] = [
  { kind: TimestampKind.WALL, read: readDateTime },
  { kind: TimestampKind.WALL, read: readAsctime },
];

/**
 * Reads one group per number. Without year, month and day it is a time of day; without only the year it is yearless.
 */
function readNumbers(groups: Groups, out: Timestamp): boolean {
  out.time = 0;
  if (!addClock(groups.number('hour') ?? -1, groups.number('minute') ?? -1, groups.number('second') ?? 0, out)) {
    return false;
  }
  if (!addHalfDay(groups, out)) return false;
  const ms = readFraction(groups);
  const [year, month, day] = [readYear(groups), readMonth(groups), groups.number('day')];
  if (ms === -1) return false;
  out.time += ms;
  if (year === null && month === null && day === null) {
    out.kind = TimestampKind.TIME_OF_DAY;
    return true;
  }
  out.kind = year === null ? TimestampKind.YEARLESS : TimestampKind.WALL;
  return addDay(epochDay(year ?? 2000, month ?? -1, day ?? -1), out);
}

/** `AM`, `PM`, `a.m.`: makes an hour of 1 to 12 one of the day. False for anything else. */
function addHalfDay(groups: Groups, out: Timestamp): boolean {
  const span = groups.span('ampm');
  if (span === null) return true;
  const hour = groups.number('hour') ?? 0;
  return readHalfDay(groups.head, span.start, span.end, hour, out) === span.end && hour >= 1 && hour <= 12;
}

/** Accepts four digits or two. */
function readYear(groups: Groups): number | null {
  const span = groups.span('year');
  if (span === null) return null;
  const year = groups.digits(span, 4);
  return span.end - span.start === 2 ? fullYear(year) : year;
}

/** Accepts a number, or at least three letters of a name. */
function readMonth(groups: Groups): number | null {
  const span = groups.span('month');
  if (span === null) return null;
  const number = groups.digits(span, 2);
  if (number !== -1 || span.end - span.start < 3) return number;
  return monthOf(groups.text(span));
}

/** Milliseconds of a decimal fraction, ignoring further digits; -1 when it is not a number. */
function readFraction(groups: Groups): number {
  const span = groups.span('fraction');
  if (span === null) return 0;
  const digits = groups.text(span);
  return /^\d+$/.test(digits) ? Number(digits.slice(0, 3).padEnd(3, '0')) : -1;
}
