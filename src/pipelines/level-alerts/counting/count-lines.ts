import { Level, lineAt, LineFlag, type LineBatch } from '../../../lines/line-batch';
import { continueError, countError, type OpenError } from './count-errors';
import { arrive, touch, type CountingState, type Origin } from './counting-state';
import { placeOf, type Place } from './placement';
import { advance, completeWindows } from './timers';

/** So many ERROR records are kept open across batches; the longest untouched is given up first (rule 14). */
const maxOpenErrors = 1000;

/**
 * Counts the lines of one source that were ingested at `timestamp` (epoch milliseconds). Timers due by then fire first.
 *
 * Which counter (rule 1): `cut=rest` none; `again` the window's `again`; a line of a forgotten window `expired` in the
 * window of its ingestion (a repeated one `again` there: it is no loss); any other its level's, and `future` besides.
 *
 * `gap=possible` is counted besides, whatever the line is: in the window where that is counted, of `cut=rest` in that of
 * its event time. Of a repeated line in the window of its ingestion: what may be missing was written behind all that was
 * read before, so not at the time of a line that was read before.
 *
 * The window changes rarely from line to line, so it is looked up only when a time leaves it: no object, string or map
 * per line.
 */
export function countLines(state: CountingState, lines: LineBatch, timestamp: number): void {
  advance(state, timestamp);
  if (lines.count === 0) return;
  const origin = arrive(state, lines.origin);
  const { times, levels, flags, count } = lines;
  const { patterns, disorderMs } = state.options;
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

    if ((flag & LineFlag.FUTURE) !== 0) window.future++;
    else if (level <= Level.NONE && time > window.newest) {
      window.newest = time;
      if (time - disorderMs > origin.watermark) {
        origin.watermark = time - disorderMs;
        if (origin.watermark >= origin.nextEnd) {
          completeWindows(state, origin);
          // The line came after them: it is its own window that changed last, however the lines are cut.
          touch(state, origin, window);
        }
      }
    }

    if (!patterns) continue;
    if (level === Level.ERROR) open = countError(window, lines, i);
    else if (open !== null) open = continueError(open, window, lineAt(lines, i));
  }
  window.watermark = origin.watermark;
  if (open !== null) keepOpenError(state, lines.source, open);
}

function enter(state: CountingState, origin: Origin, time: number): Place {
  const place = placeOf(state, origin, time);
  touch(state, origin, place.window);
  return place;
}

/** When a line is seen first: at its event time, but at its ingestion (`now`) what a repeated one says of a gap. */
function timeSeen({ times, flags }: LineBatch, i: number, now: number): number {
  const repeatedBehindGap = LineFlag.AGAIN | LineFlag.GAP;
  return ((flags[i] ?? 0) & repeatedBehindGap) === repeatedBehindGap ? now : (times[i] ?? 0);
}

/** Index of the first line that is more than the rest of one counted before; -1 when there is none. */
function firstSeen({ flags, count }: LineBatch): number {
  const asked = LineFlag.CUT_REST | LineFlag.GAP;
  for (let i = 0; i < count; i++) if (((flags[i] ?? 0) & asked) !== LineFlag.CUT_REST) return i;
  return -1;
}

/** The record whose stack trace these lines may go on with. */
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
