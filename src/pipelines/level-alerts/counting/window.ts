import { Level } from '../../../lines/line-batch';
import { fromNotUnderstood, toNotUnderstood, type UnparsedSource } from './not-understood';
import { maskMessage } from './patterns';
import { addPattern, newPatternSums, patternCounts, type PatternSums } from './pattern-sums';
import { fromSampleLine, toSampleLine } from './samples';
import type { LevelPatterns, WindowRecord } from './window-record';

/** A window in memory. All of it is in its record, except the order and time of its changes. */
export interface Window {
  readonly origin: string;
  /** Epoch milliseconds, inclusive. */
  readonly start: number;
  /** Epoch milliseconds, exclusive. */
  readonly end: number;
  /** Lines by {@link Level}, CONT and RAW included. */
  readonly byLevel: number[];
  again: number;
  future: number;
  expired: number;
  gaps: number;
  /** Newest parsed timestamp, epoch milliseconds; -Infinity before any. */
  newest: number;
  /** Its origin's watermark and idleness when it changed last. */
  watermark: number;
  idle: boolean;
  complete: boolean;
  /** How often it was written. */
  revision: number;
  /** The fold's `now` when it changed last, epoch milliseconds. */
  changedAt: number;
  /** Patterns of levels that rules count; null while there are none, as in most of very many windows (`bounded-memory`). */
  patterns: Map<Level, PatternSums> | null;
  /** Null while there are none. */
  notUnderstood: UnparsedSource[] | null;
}

export function newWindow(origin: string, start: number, windowMs: number): Window {
  return {
    origin,
    start,
    end: start + windowMs,
    byLevel: [0, 0, 0, 0, 0, 0, 0],
    again: 0,
    future: 0,
    expired: 0,
    gaps: 0,
    newest: -Infinity,
    watermark: -Infinity,
    idle: false,
    complete: false,
    revision: 0,
    changedAt: 0,
    patterns: null,
    notUnderstood: null,
  };
}

/** The sums of a level that a rule counts. */
export function patternsOf(window: Window, level: Level): PatternSums {
  window.patterns ??= new Map<Level, PatternSums>();
  const known = window.patterns.get(level);
  if (known !== undefined) return known;
  const sums = newPatternSums();
  window.patterns.set(level, sums);
  return sums;
}

/** The levels of rules besides ERROR, in their order in records. */
const patternLevels = [
  { name: 'warn', level: Level.WARN },
  { name: 'info', level: Level.INFO },
  { name: 'debug', level: Level.DEBUG },
] as const;

function toLevels(sums: ReadonlyMap<Level, PatternSums>): Pick<WindowRecord, 'levels'> {
  const levels = patternLevels.flatMap(({ name, level }) => {
    const own = sums.get(level);
    return own === undefined ? [] : [[name, toLevelPatterns(own)]];
  });
  return levels.length === 0 ? {} : { levels: Object.fromEntries(levels) as NonNullable<WindowRecord['levels']> };
}

const none: LevelPatterns = { patterns: [], otherPatterns: 0, samples: [] };

function toLevelPatterns(sums: PatternSums | undefined): LevelPatterns {
  if (sums === undefined) return none;
  const patterns = patternCounts(sums);
  const samples = patterns.flatMap(({ pattern }, i) => {
    const sample = sums.samples.get(pattern);
    return sample === undefined ? [] : [toSampleLine(sample, i)];
  });
  return { patterns, otherPatterns: sums.other, samples };
}

function fromLevelPatterns({ patterns, otherPatterns, samples }: LevelPatterns): PatternSums {
  const sums = newPatternSums();
  sums.other = otherPatterns;
  // Samples of earlier versions do not name their pattern.
  const kept = new Map(samples.map((line) => [patterns[line.pattern ?? -1]?.pattern ?? maskMessage(line.text), line]));
  for (const { pattern, count } of patterns) {
    const line = kept.get(pattern);
    addPattern(sums, pattern, count, line === undefined ? null : fromSampleLine(line));
  }
  return sums;
}

export function toRecord(window: Window, engine: string): WindowRecord {
  const at = (level: Level): number => window.byLevel[level] ?? 0;
  return {
    v: 1,
    windowStart: new Date(window.start).toISOString(),
    windowEnd: new Date(window.end).toISOString(),
    origin: window.origin,
    counts: {
      error: at(Level.ERROR),
      warn: at(Level.WARN),
      info: at(Level.INFO),
      debug: at(Level.DEBUG),
      none: at(Level.NONE),
    },
    continuation: at(Level.CONT),
    unparsed: at(Level.RAW),
    lines: window.byLevel.reduce((sum, count) => sum + count, 0),
    again: window.again,
    future: window.future,
    expired: window.expired,
    gaps: window.gaps,
    newest: timeOrNull(window.newest),
    watermark: timeOrNull(window.watermark),
    idle: window.idle,
    revision: window.revision,
    complete: window.complete,
    ...toLevelPatterns(window.patterns?.get(Level.ERROR)),
    ...(window.patterns === null ? {} : toLevels(window.patterns)),
    ...(window.notUnderstood === null ? {} : { notUnderstood: window.notUnderstood.map(toNotUnderstood) }),
    engine,
  };
}

/** The window of a record; `changedAt` is the record's timestamp. */
export function fromRecord(record: WindowRecord, changedAt: number): Window {
  const { error, warn, info, debug, none: unleveled } = record.counts;
  const hasErrors = record.patterns.length > 0 || record.otherPatterns > 0;
  const patterns = new Map<Level, PatternSums>([
    ...(hasErrors ? [[Level.ERROR, fromLevelPatterns(record)] as const] : []),
    ...patternLevels.flatMap(({ name, level }) => {
      const own = record.levels?.[name];
      return own === undefined ? [] : [[level, fromLevelPatterns(own)] as const];
    }),
  ]);
  return {
    origin: record.origin,
    start: Date.parse(record.windowStart),
    end: Date.parse(record.windowEnd),
    byLevel: [error, warn, info, debug, unleveled, record.continuation, record.unparsed],
    again: record.again,
    future: record.future,
    expired: record.expired,
    gaps: record.gaps,
    newest: record.newest ?? -Infinity,
    watermark: record.watermark ?? -Infinity,
    idle: record.idle,
    complete: record.complete,
    revision: record.revision,
    changedAt,
    patterns: patterns.size === 0 ? null : patterns,
    notUnderstood: record.notUnderstood?.map(fromNotUnderstood) ?? null,
  };
}

/** JSON has no -Infinity. */
export function timeOrNull(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}
