import { Level } from '../../../lines/line-batch';
import { fromNotUnderstood, toNotUnderstood, type UnparsedSource } from './not-understood';
import { addPattern, patternCounts, type PatternSums } from './pattern-sums';
import { fromSampleLine, toSampleLine, type Sample } from './samples';
import type { WindowRecord } from './window-record';

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
  readonly patterns: PatternSums;
  readonly samples: Sample[];
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
    patterns: { counts: new Map(), other: 0 },
    samples: [],
    notUnderstood: [],
  };
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
    patterns: patternCounts(window.patterns),
    otherPatterns: window.patterns.other,
    samples: window.samples.map(toSampleLine),
    ...(window.notUnderstood.length === 0 ? {} : { notUnderstood: window.notUnderstood.map(toNotUnderstood) }),
    engine,
  };
}

/** The window of a record; `changedAt` is the record's timestamp. */
export function fromRecord(record: WindowRecord, changedAt: number): Window {
  const { error, warn, info, debug, none } = record.counts;
  const patterns: PatternSums = { counts: new Map(), other: record.otherPatterns };
  for (const { pattern, count } of record.patterns) addPattern(patterns, pattern, count);
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
    patterns,
    samples: record.samples.map(fromSampleLine),
    notUnderstood: (record.notUnderstood ?? []).map(fromNotUnderstood),
  };
}

/** JSON has no -Infinity. */
export function timeOrNull(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}
