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
  readonly byLevel: Float64Array;
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
  /** Patterns of ERROR lines. */
  readonly patterns: PatternSums;
  /** Patterns of other levels that rules count. */
  readonly otherLevels: Map<Level, PatternSums>;
  readonly notUnderstood: UnparsedSource[];
}

export function newWindow(origin: string, start: number, windowMs: number): Window {
  return {
    origin,
    start,
    end: start + windowMs,
    byLevel: new Float64Array(Level.RAW + 1),
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
    patterns: newPatternSums(),
    otherLevels: new Map(),
    notUnderstood: [],
  };
}

/** The sums of a level that a rule counts. */
export function patternsOf(window: Window, level: Level): PatternSums {
  if (level === Level.ERROR) return window.patterns;
  const known = window.otherLevels.get(level);
  if (known !== undefined) return known;
  const sums = newPatternSums();
  window.otherLevels.set(level, sums);
  return sums;
}

/** The levels of rules besides ERROR, in their order in records. */
const patternLevels = [
  { name: 'warn', level: Level.WARN },
  { name: 'info', level: Level.INFO },
  { name: 'debug', level: Level.DEBUG },
] as const;

function toLevels(sums: ReadonlyMap<Level, PatternSums>): NonNullable<WindowRecord['levels']> {
  return Object.fromEntries(
    patternLevels.flatMap(({ name, level }) => {
      const own = sums.get(level);
      return own === undefined ? [] : [[name, toLevelPatterns(own)]];
    }),
  );
}

function toLevelPatterns(sums: PatternSums): LevelPatterns {
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
    ...toLevelPatterns(window.patterns),
    ...(window.otherLevels.size === 0 ? {} : { levels: toLevels(window.otherLevels) }),
    ...(window.notUnderstood.length === 0 ? {} : { notUnderstood: window.notUnderstood.map(toNotUnderstood) }),
    engine,
  };
}

/** The window of a record; `changedAt` is the record's timestamp. */
export function fromRecord(record: WindowRecord, changedAt: number): Window {
  const { error, warn, info, debug, none } = record.counts;
  return {
    origin: record.origin,
    start: Date.parse(record.windowStart),
    end: Date.parse(record.windowEnd),
    byLevel: Float64Array.of(error, warn, info, debug, none, record.continuation, record.unparsed),
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
    patterns: fromLevelPatterns(record),
    otherLevels: new Map(
      patternLevels.flatMap(({ name, level }) => {
        const patterns = record.levels?.[name];
        return patterns === undefined ? [] : [[level, fromLevelPatterns(patterns)]];
      }),
    ),
    notUnderstood: (record.notUnderstood ?? []).map(fromNotUnderstood),
  };
}

/** JSON has no -Infinity. */
export function timeOrNull(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}
