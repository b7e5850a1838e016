import { addWindow, originOf, removeWindow, type CountingState, type Origin } from './counting-state';
import { addRange, rangeAt } from './evicted-ranges';
import { evictWindow } from './timers';
import { newWindow, type Window } from './window';

/** Where a line is counted. Holds for event times in [from, to). */
export interface Place {
  readonly window: Window;
  readonly from: number;
  readonly to: number;
  /** The line's own window is evicted (or its time is not a date); this is the window of its ingestion. */
  readonly expired: boolean;
}

/**
 * The place of lines with event time `time`. An expired line is counted in the window of its ingestion, or, if that is
 * evicted, in the first one after it that is not.
 */
export function placeOf(state: CountingState, origin: Origin, time: number): Place {
  const { windowMs } = state.options;
  const start = startOf(time, windowMs);
  const own = isDate(time) ? openWindow(state, origin, start) : undefined;
  if (own !== undefined) return { window: own, from: own.start, to: own.end, expired: false };
  const range = rangeAt(origin.evicted, start) ?? { from: time, to: time };
  let at = startOf(state.now, windowMs);
  for (;;) {
    const window = openWindow(state, origin, at);
    if (window !== undefined) return { window, from: range.from, to: range.to, expired: true };
    at = endOf(rangeAt(origin.evicted, at)?.to ?? at, windowMs);
  }
}

/** The window that starts at `start`, made if there is none; undefined if it was evicted. */
function openWindow(state: CountingState, origin: Origin, start: number): Window | undefined {
  const { windowMs, maxWindows } = state.options;
  const known = origin.windows.get(start);
  if (known !== undefined) return known;
  if (rangeAt(origin.evicted, start) !== undefined) return undefined;
  // Evict first: eviction may cover this window.
  for (const oldest of state.windows) {
    if (state.windows.size < maxWindows) break;
    evictWindow(state, oldest);
  }
  if (rangeAt(origin.evicted, start) !== undefined) return undefined;
  const window = newWindow(origin.name, start, windowMs);
  addWindow(state, origin, window);
  return window;
}

/**
 * Restores a window from its record; called in the order of the topic, after the origins are restored. Does not restore an
 * evicted window (`windows-only-grow`), or a window of an evicted origin, even if that origin has begun again. A window of
 * another length, from before `windowMs` was changed, counts as evicted: its time is not counted again under its key.
 */
export function restoreWindow(state: CountingState, window: Window): void {
  // Written while the clock was ahead.
  window.changedAt = Math.min(window.changedAt, state.now);
  const { windowMs, keepWindowsMs } = state.options;
  if (!state.origins.has(window.origin) && window.changedAt + keepWindowsMs <= state.now) return;
  const origin = originOf(state, window.origin);
  if (window.changedAt < origin.since) return;
  const from = startOf(window.start, windowMs);
  if (from !== window.start || window.end - window.start !== windowMs) {
    origin.evicted = addRange(origin.evicted, { from, to: endOf(window.end, windowMs) });
  }
  if (rangeAt(origin.evicted, from) === undefined) addWindow(state, origin, window);
}

/**
 * Removes a window whose record was deleted (`telltale reset`): its lines are counted from 0 again. On Kafka, a restart
 * before compaction reads the old record and the tombstone.
 */
export function takeBackWindow(state: CountingState, place: { readonly origin: string; readonly start: number }): void {
  const origin = state.origins.get(place.origin);
  if (origin === undefined) return;
  removeWindow(state, origin, origin.windows.get(place.start));
  // Without a record of its own, an origin is known through its windows alone.
  if (origin.windows.size === 0 && origin.arrival === 0) state.origins.delete(place.origin);
}

function startOf(time: number, windowMs: number): number {
  return Math.floor(time / windowMs) * windowMs;
}

function endOf(time: number, windowMs: number): number {
  return Math.ceil(time / windowMs) * windowMs;
}

/** ±100,000,000 days, the range of ECMAScript dates, less a day so that a window around the time has dates as well. */
function isDate(time: number): boolean {
  return Math.abs(time) <= 8.64e15 - 8.64e7;
}
