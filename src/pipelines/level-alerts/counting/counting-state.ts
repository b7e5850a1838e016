import type { RestoreRange } from '../../../stream/job';
import type { ClockDoubt } from '../../../stream/job-clock';
import type { Level } from '../../../lines/line-batch';
import type { KeptError } from './count-errors';
import type { EvictedRange } from './evicted-ranges';
import type { Window } from './window';

export interface CountingOptions {
  /** Of `logs` and of `windows`. */
  readonly partitions: number;
  /** Length of a window in milliseconds of event time; windows are aligned to the epoch. */
  readonly windowMs: number;
  /** How far an origin's watermark lags its newest parsed timestamp, milliseconds of event time. */
  readonly disorderMs: number;
  /** An origin without arrivals for this long is idle; milliseconds of processing time. */
  readonly idleAfterMs: number;
  /** A window is evicted this long after its last change; milliseconds of processing time, Infinity for never. */
  readonly keepWindowsMs: number;
  /** How many windows are kept, 1 or more; the least recently changed is evicted first. Infinity for all. */
  readonly maxWindows: number;
  /** An origin is evicted this long after it became idle; milliseconds of processing time, Infinity for never. */
  readonly keepOriginsMs: number;
  /** The levels of whose lines patterns and samples are kept. Without any, counting reads no line's text. */
  readonly patternLevels: readonly Level[];
  /** The writer's name in records: `telltale/<version>`. */
  readonly engine: string;
}

/** The state of counting in one partition; changed in place (see `Job`). */
export interface CountingState {
  readonly options: CountingOptions;
  readonly restoreRanges: readonly RestoreRange[];
  /** True from `open` to the first step: origins and open errors are not in order yet. */
  restoring: boolean;
  /** The largest record timestamp, tick or due timer so far, epoch milliseconds; goes back only with the clock (`JobClock`). */
  now: number;
  /** See `JobClock`. */
  doubtedSince: number | null;
  doubts: ClockDoubt[];
  /** How many batches of lines arrived: orders origins and open errors across a restart. */
  arrivals: number;
  readonly origins: Map<string, Origin>;
  /** Origins that are not idle; the one that was silent longest comes first. */
  readonly awake: Set<Origin>;
  /** Origins that are idle; the one that was silent longest comes first. */
  readonly idle: Set<Origin>;
  /** Windows in memory, the least recently changed first. */
  readonly windows: Set<Window>;
  /** Open errors by source, the least recently continued first. */
  readonly openErrors: Map<string, KeptError>;
  /** Sources whose open error has a record. */
  readonly writtenErrors: Set<string>;
  readonly unwritten: Unwritten;
}

/** The changes since the records that were written last. */
export interface Unwritten {
  /** In order of their last change. */
  readonly windows: Set<Window>;
  /** Windows that were evicted before they were written. */
  evictedWindows: Window[];
  /** By name. */
  readonly origins: Set<string>;
  /** By source. */
  readonly openErrors: Set<string>;
  head: boolean;
}

export interface Origin {
  readonly name: string;
  /**
   * The state's `now` when its first lines came, epoch milliseconds; -Infinity if not known. Records of windows that changed
   * before belong to an origin of that name that was evicted.
   */
  since: number;
  /** Newest parsed timestamp minus disorder, epoch milliseconds; -Infinity before any. Never goes back. */
  watermark: number;
  /** Processing time, epoch milliseconds. */
  lastArrival: number;
  /** `arrivals` as of then. */
  arrival: number;
  idle: boolean;
  /** By start. */
  readonly windows: Map<number, Window>;
  readonly incomplete: Set<Window>;
  /** The lowest end of `incomplete`: the watermark that completes a window next. */
  nextEnd: number;
  evicted: readonly EvictedRange[];
}

export function emptyState(options: CountingOptions, restoreRanges: readonly RestoreRange[] = []): CountingState {
  return {
    options,
    restoreRanges,
    restoring: true,
    now: 0,
    doubtedSince: null,
    doubts: [],
    arrivals: 0,
    origins: new Map(),
    awake: new Set(),
    idle: new Set(),
    windows: new Set(),
    openErrors: new Map(),
    writtenErrors: new Set(),
    unwritten: {
      windows: new Set(),
      evictedWindows: [],
      origins: new Set(),
      openErrors: new Set(),
      head: false,
    },
  };
}

export function newOrigin(name: string): Origin {
  return {
    name,
    since: -Infinity,
    watermark: -Infinity,
    lastArrival: 0,
    arrival: 0,
    idle: false,
    windows: new Map(),
    incomplete: new Set(),
    nextEnd: Infinity,
    evicted: [],
  };
}

/** An origin by name. A new one is not idle, and does not become idle before its first lines. */
export function originOf(state: CountingState, name: string): Origin {
  const known = state.origins.get(name);
  if (known !== undefined) return known;
  const origin = newOrigin(name);
  state.origins.set(name, origin);
  return origin;
}

/** Notes that lines came from an origin: it is not idle. */
export function arrive(state: CountingState, name: string): Origin {
  const isNew = !state.origins.has(name);
  const origin = originOf(state, name);
  if (isNew) origin.since = state.now;
  origin.lastArrival = state.now;
  origin.arrival = ++state.arrivals;
  origin.idle = false;
  state.idle.delete(origin);
  state.awake.delete(origin);
  state.awake.add(origin);
  state.unwritten.origins.add(name);
  return origin;
}

/** Notes that a window changes now: it goes to the end of both orders and takes over its origin's progress. */
export function touch(state: CountingState, origin: Origin, window: Window): void {
  window.changedAt = state.now;
  window.watermark = origin.watermark;
  window.idle = origin.idle;
  window.complete = origin.idle || window.end <= origin.watermark;
  setIncomplete(origin, window);
  for (const order of [state.windows, state.unwritten.windows]) {
    order.delete(window);
    order.add(window);
  }
}

/** Adds a window as the most recently changed one. */
export function addWindow(state: CountingState, origin: Origin, window: Window): void {
  removeWindow(state, origin, origin.windows.get(window.start));
  origin.windows.set(window.start, window);
  state.windows.add(window);
  setIncomplete(origin, window);
}

export function removeWindow(state: CountingState, origin: Origin, window: Window | undefined): void {
  if (window === undefined) return;
  origin.windows.delete(window.start);
  origin.incomplete.delete(window);
  origin.nextEnd = lowestEnd(origin.incomplete);
  state.windows.delete(window);
  state.unwritten.windows.delete(window);
}

export function setIncomplete(origin: Origin, window: Window): void {
  if (window.complete === !origin.incomplete.has(window)) return;
  if (window.complete) origin.incomplete.delete(window);
  else origin.incomplete.add(window);
  origin.nextEnd = lowestEnd(origin.incomplete);
}

export function byStart(a: Window, b: Window): number {
  return a.start - b.start;
}

function lowestEnd(windows: Iterable<Window>): number {
  let lowest = Infinity;
  for (const window of windows) lowest = Math.min(lowest, window.end);
  return lowest;
}
