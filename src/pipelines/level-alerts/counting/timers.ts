import { byStart, removeWindow, setIncomplete, touch, type CountingState, type Origin } from './counting-state';
import { takeTick } from '../../../stream/job-clock';
import { addRange, rangeAt } from './evicted-ranges';
import type { Window } from './window';

/**
 * Moves `now` to `to`, and fires each timer that is due by then, in order of due time: origins become idle, windows and
 * origins are evicted.
 */
export function advance(state: CountingState, to: number): void {
  const { idleAfterMs, keepWindowsMs } = state.options;
  for (;;) {
    const [origin] = state.awake;
    const [window] = state.windows;
    const [idle] = state.idle;
    const idleAt = origin === undefined ? Infinity : origin.lastArrival + idleAfterMs;
    const evictAt = window === undefined ? Infinity : window.changedAt + keepWindowsMs;
    const forgetAt = idle === undefined ? Infinity : evictOriginAt(state, idle);
    const due = Math.min(idleAt, evictAt, forgetAt);
    if (due > to || due === Infinity) break;
    state.now = Math.max(state.now, due);
    if (origin !== undefined && idleAt === due) becomeIdle(state, origin);
    else if (window !== undefined && evictAt === due) evictWindow(state, window);
    else if (idle !== undefined) evictOrigin(state, idle);
  }
  state.now = Math.max(state.now, to);
}

/** Moves to the time of a tick, as far as it is believed. */
export function tick(state: CountingState, at: number): void {
  const now = takeTick(state, at);
  if (now < state.now) setBack(state, now);
  advance(state, now);
}

/** The clock was ahead: all that happened later than now happens now, so that timers fire as with a right clock. */
function setBack(state: CountingState, now: number): void {
  state.now = now;
  state.unwritten.head = true;
  for (const origin of state.origins.values()) {
    if (origin.lastArrival <= now && origin.since <= now) continue;
    origin.lastArrival = Math.min(origin.lastArrival, now);
    origin.since = Math.min(origin.since, now);
    state.unwritten.origins.add(origin.name);
  }
  for (const window of state.windows) window.changedAt = Math.min(window.changedAt, now);
}

/** All windows of an idle origin are complete; its newest one always gets a revision that says so (`complete-windows`). */
function becomeIdle(state: CountingState, origin: Origin): void {
  origin.idle = true;
  state.awake.delete(origin);
  state.idle.add(origin);
  state.unwritten.origins.add(origin.name);
  const windows = [...origin.windows.values()].sort(byStart);
  const newest = windows.at(-1);
  for (const window of windows) if (!window.complete || window === newest) touch(state, origin, window);
}

/** Completes the windows that the watermark has passed; each gets a revision, also without new lines. */
export function completeWindows(state: CountingState, origin: Origin): void {
  const passed = [...origin.incomplete].filter((window) => window.end <= origin.watermark);
  for (const window of passed.sort(byStart)) touch(state, origin, window);
}

/** Completes every window: no more input will come. */
export function completeAll(state: CountingState): void {
  for (const origin of state.origins.values()) {
    for (const window of [...origin.incomplete].sort(byStart)) {
      touch(state, origin, window);
      window.complete = true;
      setIncomplete(origin, window);
    }
  }
}

/** Drops a window from memory; a changed one is still written. Also drops the windows between merged ranges. */
export function evictWindow(state: CountingState, window: Window): void {
  const origin = state.origins.get(window.origin);
  if (origin === undefined) return;
  origin.evicted = addRange(origin.evicted, { from: window.start, to: window.end });
  state.unwritten.origins.add(origin.name);
  const inRanges = [...origin.windows.values()].filter(({ start }) => rangeAt(origin.evicted, start) !== undefined);
  for (const gone of inRanges) {
    if (state.unwritten.windows.has(gone)) state.unwritten.evictedWindows.push(gone);
    removeWindow(state, origin, gone);
  }
}

/**
 * When an idle origin is evicted. Its evicted ranges stop a late line from opening an evicted window again: the new first
 * revision would be smaller than the last one written. The ranges are needed as long as any reader can have that last
 * revision:
 * - topic `windows` keeps a record for its retention after the window's last change, and for at most one more segment of
 *   the broker; the last change is never later than the moment at which the origin became idle;
 * - alerting keeps a window for `keepWindows` after that change, which is less;
 * - counting itself has evicted all windows of the origin. (Until then there is no eviction: see the condition.)
 * `keepOriginsMs` covers the first, so a later line of the origin meets no record, and counts as the first line of a new origin.
 */
function evictOriginAt({ options }: CountingState, { windows, lastArrival }: Origin): number {
  return windows.size > 0 ? Infinity : lastArrival + options.idleAfterMs + options.keepOriginsMs;
}

/** Also drops open errors that are as old as the origin's last line: they would continue in an evicted window. */
function evictOrigin(state: CountingState, origin: Origin): void {
  state.idle.delete(origin);
  state.origins.delete(origin.name);
  state.unwritten.origins.add(origin.name);
  for (const [source, { arrival }] of state.openErrors) {
    if (arrival > origin.arrival) break;
    state.openErrors.delete(source);
    state.unwritten.openErrors.add(source);
  }
}
