import { Level, lineAt, LineFlag, type LineBatch } from '../../../lines/line-batch';
import { continueError, countPattern, type OpenError } from './count-errors';
import { arrive, touch, type CountingState, type Origin } from './counting-state';
import { countUnparsed } from './not-understood';
import { placeOf, type Place } from './placement';
import { advance, completeWindows } from './timers';

/** How many ERROR records stay open across batches (`bounded-memory`); the least recently continued is dropped first. */
const maxOpenErrors = 1000;

/**
 * Counts the lines of one source that were ingested at `timestamp` (epoch milliseconds). Timers due by then fire first.
 *
 * Each line counts once (`one-counter-per-line`): `cut=rest` in no counter; a repeated line in `again`; a line of an evicted
 * window in `expired`, in the window of its ingestion (a repeated one in `again` there: it is not lost); any other line in
 * the counter of its level, and also in `future` if it is from the future.
 *
 * `gap=possible` counts in addition, for any line: in the window that counts the line, or, for `cut=rest`, in the window of
 * its event time. The gap of a repeated line counts in the window of its ingestion: the missing lines were written after all
 * lines that were read before, so not at the time of one of those.
 *
 * The window changes rarely from line to line, so it is looked up only when a time leaves it: no object, string or map
 * per line.
 */
export function countLines(state: CountingState, lines: LineBatch, timestamp: number): void {
  state.doubtedSince = null;
  advance(state, timestamp);
  if (lines.count === 0) return;
  const origin = arrive(state, lines.origin);
  const { times, levels, flags, count } = lines;
  const { patternLevels, disorderMs } = state.options;
  const patterns = patternLevels.length > 0;
  const counted = byNumber(patternLevels);
  const first = firstSeen(lines);
  if (first < 0) return;
  let { window, from, to, expired } = enter(state, origin, timeSeen(lines, first, state.now));
  let { byLevel } = window;
  let open = patterns ? takeOpenError(state, lines) : null;

  for (let i = first; i < count; i++) {
    const flag = flags[i] ?? 0;
    if ((flag & LineFlag.GAP) !== 0) {
      window.watermark = origin.watermark;
      ({ window, from, to, expired } = enter(state, origin, timeSeen(lines, i, state.now)));
      ({ byLevel } = window);
      window.gaps++;
    }
    if ((flag & LineFlag.CUT_REST) !== 0) continue;

    const time = times[i] ?? 0;
    if (!(time >= from && time < to)) {
      window.watermark = origin.watermark;
      ({ window, from, to, expired } = enter(state, origin, time));
      ({ byLevel } = window);
    }

    const level = levels[i] ?? Level.RAW;
    if (level !== Level.CONT) open = null;
    if ((flag & LineFlag.AGAIN) !== 0) {
      window.again++;
      continue;
    }
    if (expired) {
      window.expired++;
      continue;
    }
    byLevel[level] = (byLevel[level] ?? 0) + 1;
    if (level === Level.RAW && patterns) countUnparsed((window.notUnderstood ??= []), lines, i);

    if ((flag & LineFlag.FUTURE) !== 0) window.future++;
    else if (level <= Level.NONE && time > window.newest) {
      window.newest = time;
      if (time - disorderMs > origin.watermark) {
        origin.watermark = time - disorderMs;
        if (origin.watermark >= origin.nextEnd) {
          completeWindows(state, origin);
          // The line came after them, so its own window is the last one changed, however lines are batched.
          touch(state, origin, window);
        }
      }
    }

    if (!patterns) continue;
    const own = counted[level];
    if (own !== undefined) open = countPattern(window, lines, i, own);
    else if (open !== null) open = continueError(open, window, lineAt(lines, i));
  }
  window.watermark = origin.watermark;
  if (open !== null) keepOpenError(state, lines.source, open);
}

/** Each level at its own number. */
function byNumber(levels: readonly Level[]): readonly (Level | undefined)[] {
  const table: (Level | undefined)[] = [];
  for (const level of levels) table[level] = level;
  return table;
}

function enter(state: CountingState, origin: Origin, time: number): Place {
  const place = placeOf(state, origin, time);
  touch(state, origin, place.window);
  return place;
}

/** The time at which a line counts first: its event time, or for the gap of a repeated line its ingestion (`now`). */
function timeSeen({ times, flags }: LineBatch, i: number, now: number): number {
  const repeatedBehindGap = LineFlag.AGAIN | LineFlag.GAP;
  return ((flags[i] ?? 0) & repeatedBehindGap) === repeatedBehindGap ? now : (times[i] ?? 0);
}

/** Index of the first line that counts at all; -1 if each is the rest of a line counted before. */
function firstSeen({ flags, count }: LineBatch): number {
  const asked = LineFlag.CUT_REST | LineFlag.GAP;
  for (let i = 0; i < count; i++) if (((flags[i] ?? 0) & asked) !== LineFlag.CUT_REST) return i;
  return -1;
}

/** The record whose stack trace these lines may continue. */
function takeOpenError(state: CountingState, lines: LineBatch): OpenError | null {
  const open = state.openErrors.get(lines.source);
  if (open === undefined) return null;
  state.openErrors.delete(lines.source);
  state.unwritten.openErrors.add(lines.source);
  return open.generation === lines.generation ? open : null;
}

function keepOpenError(state: CountingState, source: string, open: OpenError): void {
  state.openErrors.set(source, { ...open, arrival: state.arrivals });
  state.unwritten.openErrors.add(source);
  for (const oldest of state.openErrors.keys()) {
    if (state.openErrors.size <= maxOpenErrors) break;
    state.openErrors.delete(oldest);
    state.unwritten.openErrors.add(oldest);
  }
}
