import { addRun, runAt, type Run } from './dropped-runs';
import type { OpenError } from './count-errors';
import { newWindow, type Window } from './window';

export interface CountingOptions {
  /** Of `logs` and of `windows`. */
  readonly partitions: number;
  /** Length of a window in milliseconds of event time; windows are aligned to the epoch. */
  readonly windowMs: number;
  /** How far behind the newest stamp of an origin its watermark stays, milliseconds of event time. */
  readonly disorderMs: number;
  /** An origin of which nothing came for so long is idle; milliseconds of processing time. */
  readonly idleAfterMs: number;
  /** A window is forgotten so long after its last change; milliseconds of processing time, Infinity for never. */
  readonly keepWindowsMs: number;
  /** At most so many windows are kept, 1 or more; the least recently changed is forgotten first. Infinity for all. */
  readonly maxWindows: number;
  /** Are patterns and samples of ERROR lines kept? Without them counting reads no line's text. */
  readonly patterns: boolean;
  /** What the records name as their writer: `telltale/<version>`. */
  readonly engine: string;
}

/** What counting knows; changed in place (see `Job`). */
export interface CountingState {
  readonly options: CountingOptions;
  /** The largest record timestamp, tick or due timer seen, epoch milliseconds; never goes back (rule 11). */
  now: number;
  readonly origins: Map<string, Origin>;
  /** Origins that are not idle, the longest silent first. */
  readonly awake: Set<Origin>;
  /** Windows in memory, the least recently changed first. */
  readonly windows: Set<Window>;
  /** Those of them that differ from their record, in order of their last change. */
  readonly changed: Set<Window>;
  /** Windows that were forgotten before they were written. */
  leaving: Window[];
  /** By source, the longest untouched first. */
  readonly openErrors: Map<string, OpenError>;
  /** Does the head differ from the one written last? (Not when only `now` moved.) */
  headChanged: boolean;
}

export interface Origin {
  readonly name: string;
  /** Newest own stamp - disorder, epoch milliseconds; -Infinity before any. Never goes back. */
  watermark: number;
  /** Processing time, epoch milliseconds. */
  lastArrival: number;
  idle: boolean;
  /** By start. */
  readonly windows: Map<number, Window>;
  readonly incomplete: Set<Window>;
  /** The lowest end of `incomplete`: the watermark that completes a window next. */
  nextEnd: number;
  dropped: readonly Run[];
}

/** Where a line is counted. Holds for event times in [from, to). */
export interface Place {
  readonly window: Window;
  readonly from: number;
  readonly to: number;
  /** The line's own window is forgotten (or its time is no date); this is the window of its ingestion. */
  readonly expired: boolean;
}

export function emptyState(options: CountingOptions): CountingState {
  return {
    options,
    now: 0,
    origins: new Map(),
    awake: new Set(),
    windows: new Set(),
    changed: new Set(),
    leaving: [],
    openErrors: new Map(),
    headChanged: false,
  };
}

/** An origin by name; a new one is not idle, and will not be before something came from it. */
export function originOf(state: CountingState, name: string): Origin {
  const known = state.origins.get(name);
  if (known !== undefined) return known;
  const origin: Origin = {
    name,
    watermark: -Infinity,
    lastArrival: 0,
    idle: false,
    windows: new Map(),
    incomplete: new Set(),
    nextEnd: Infinity,
    dropped: [],
  };
  state.origins.set(name, origin);
  return origin;
}

/** Something came from an origin: it is not idle. */
export function arrive(state: CountingState, name: string): Origin {
  const origin = originOf(state, name);
  origin.lastArrival = state.now;
  origin.idle = false;
  state.awake.delete(origin);
  state.awake.add(origin);
  state.headChanged = true;
  return origin;
}

/**
 * Moves `now` to `to`, and fires on its way every timer that is due by then, in order of due time: origins become idle,
 * windows are forgotten.
 */
export function advance(state: CountingState, to: number): void {
  const { idleAfterMs, keepWindowsMs } = state.options;
  for (;;) {
    const [origin] = state.awake;
    const [window] = state.windows;
    const idleAt = origin === undefined ? Infinity : origin.lastArrival + idleAfterMs;
    const dropAt = window === undefined ? Infinity : window.changedAt + keepWindowsMs;
    const due = Math.min(idleAt, dropAt);
    if (due > to || due === Infinity) break;
    state.now = Math.max(state.now, due);
    if (origin !== undefined && idleAt === due) becomeIdle(state, origin);
    else if (window !== undefined) forget(state, window);
  }
  state.now = Math.max(state.now, to);
}

/** All windows of an idle origin are complete; the newest is revised in any case, to say so (rule 13). */
function becomeIdle(state: CountingState, origin: Origin): void {
  origin.idle = true;
  state.awake.delete(origin);
  state.headChanged = true;
  const windows = [...origin.windows.values()].sort(byStart);
  const newest = windows.at(-1);
  for (const window of windows) if (!window.complete || window === newest) touch(state, origin, window);
}

/** Completes what the watermark passed; each is revised, also without new lines. */
export function completeWindows(state: CountingState, origin: Origin): void {
  const passed = [...origin.incomplete].filter((window) => window.end <= origin.watermark);
  for (const window of passed.sort(byStart)) touch(state, origin, window);
}

/** Nothing will come again: every window is complete. */
export function completeAll(state: CountingState): void {
  for (const origin of state.origins.values()) {
    for (const window of [...origin.incomplete].sort(byStart)) {
      touch(state, origin, window);
      window.complete = true;
      setIncomplete(origin, window);
    }
  }
}

/** Notes that a window changes now: it goes to the end of both orders and knows its origin's progress. */
export function touch(state: CountingState, origin: Origin, window: Window): void {
  window.changedAt = state.now;
  window.watermark = origin.watermark;
  window.idle = origin.idle;
  window.complete = origin.idle || window.end <= origin.watermark;
  setIncomplete(origin, window);
  for (const order of [state.windows, state.changed]) {
    order.delete(window);
    order.add(window);
  }
}

/**
 * The place of lines with event time `time`. An expired line is counted in the window of its ingestion, or, should that
 * be forgotten, in the first one behind it that is not.
 */
export function placeOf(state: CountingState, origin: Origin, time: number): Place {
  const { windowMs } = state.options;
  const start = startOf(time, windowMs);
  const own = isDate(time) ? openWindow(state, origin, start) : undefined;
  if (own !== undefined) return { window: own, from: own.start, to: own.end, expired: false };
  const run = runAt(origin.dropped, start) ?? { from: time, to: time };
  let at = startOf(state.now, windowMs);
  for (;;) {
    const window = openWindow(state, origin, at);
    if (window !== undefined) return { window, from: run.from, to: run.to, expired: true };
    at = endOf(runAt(origin.dropped, at)?.to ?? at, windowMs);
  }
}

/** The window that starts at `start`, made when there is none; undefined when it was forgotten. */
function openWindow(state: CountingState, origin: Origin, start: number): Window | undefined {
  const { windowMs, maxWindows } = state.options;
  const known = origin.windows.get(start);
  if (known !== undefined) return known;
  if (runAt(origin.dropped, start) !== undefined) return undefined;
  // Room is made first: what is forgotten may close the gap in which this window would stand.
  for (const oldest of state.windows) {
    if (state.windows.size < maxWindows) break;
    forget(state, oldest);
  }
  if (runAt(origin.dropped, start) !== undefined) return undefined;
  const window = newWindow(origin.name, start, windowMs);
  addWindow(state, origin, window);
  return window;
}

/**
 * Takes a window back from its record; called in the order of the topic. A forgotten one is not revived (rule 12). One of
 * another length, from before `windowMs` was changed, is as good as forgotten: its time is not counted anew under its key.
 */
export function restoreWindow(state: CountingState, window: Window): void {
  const { windowMs } = state.options;
  const origin = originOf(state, window.origin);
  const from = startOf(window.start, windowMs);
  if (from !== window.start || window.end - window.start !== windowMs) {
    origin.dropped = addRun(origin.dropped, { from, to: endOf(window.end, windowMs) });
  }
  if (runAt(origin.dropped, from) === undefined) addWindow(state, origin, window);
}

/** Puts a window into memory, as the last one changed. */
function addWindow(state: CountingState, origin: Origin, window: Window): void {
  removeWindow(state, origin, origin.windows.get(window.start));
  origin.windows.set(window.start, window);
  state.windows.add(window);
  setIncomplete(origin, window);
}

/** Drops a window from memory; it is written first when it changed. What lies between merged runs goes with it. */
function forget(state: CountingState, window: Window): void {
  const origin = state.origins.get(window.origin);
  if (origin === undefined) return;
  origin.dropped = addRun(origin.dropped, { from: window.start, to: window.end });
  state.headChanged = true;
  const inRuns = [...origin.windows.values()].filter(({ start }) => runAt(origin.dropped, start) !== undefined);
  for (const gone of inRuns) {
    if (state.changed.has(gone)) state.leaving.push(gone);
    removeWindow(state, origin, gone);
  }
}

function removeWindow(state: CountingState, origin: Origin, window: Window | undefined): void {
  if (window === undefined) return;
  origin.windows.delete(window.start);
  origin.incomplete.delete(window);
  origin.nextEnd = lowestEnd(origin.incomplete);
  state.windows.delete(window);
  state.changed.delete(window);
}

function setIncomplete(origin: Origin, window: Window): void {
  if (window.complete === !origin.incomplete.has(window)) return;
  if (window.complete) origin.incomplete.delete(window);
  else origin.incomplete.add(window);
  origin.nextEnd = lowestEnd(origin.incomplete);
}

function lowestEnd(windows: Iterable<Window>): number {
  let lowest = Infinity;
  for (const window of windows) lowest = Math.min(lowest, window.end);
  return lowest;
}

function byStart(a: Window, b: Window): number {
  return a.start - b.start;
}

function startOf(time: number, windowMs: number): number {
  return Math.floor(time / windowMs) * windowMs;
}

function endOf(time: number, windowMs: number): number {
  return Math.ceil(time / windowMs) * windowMs;
}

/** ±100,000,000 days, what ECMAScript can write as a date, less a day so that a window around it is a date as well. */
function isDate(time: number): boolean {
  return Math.abs(time) <= 8.64e15 - 8.64e7;
}
