import { clockText, dayWithin, DayWalk, isDatedByName, latestDay } from './time-of-day';
import type { DayContext, DayPlan, DayState, TimeOfDayReader } from './time-of-day';
import { dayMs } from './timestamps';

/** Lines of several threads may be this much out of order. */
const disorderMs = 2 * 60_000;

/** Facts about a part. */
export interface SurveyContext extends Pick<DayContext, 'fileDay' | 'lastModified' | 'latest'> {
  /**
   * Wall time of the source's upload before, after which the part was written; null if unknown or over 24 h of wall time
   * before this upload.
   */
  readonly uploadedBefore: number | null;
}

/**
 * True when the dates of a part may depend on its last line. Within half a day after the line before, order alone finds
 * them. A date in the file's name stands unless the lines may be after the upload.
 */
export function needsSurvey({ fileDay, lastModified, latest }: SurveyContext, state: DayState): boolean {
  const { day, lastTime, uploaded } = state;
  if (day === null || lastTime === null) return fileDay === null || latest < (fileDay + 2) * dayMs;
  return uploaded !== lastModified && !isDatedByName({ fileDay }, state) && latest - lastTime >= dayMs / 2;
}

/**
 * Looks through the time-only timestamps of a part, before it is read, to find its dates. There are two readings:
 *
 * - All lines are of the 24 h after the previous upload or, if that is longer ago, before the latest possible time. This
 *   reading counts when it keeps the lines in order.
 * - Otherwise order dates the lines to each other, and the newest gets the latest day that is not after the upload. Lines of
 *   a source that was read before never get an earlier day than by their order alone.
 */
export class DaySurvey implements TimeOfDayReader {
  private readonly within: number;
  private isWithin = true;
  private newestWithin: number;
  private walk: DayWalk | null;
  private newest = Number.NEGATIVE_INFINITY;
  private first: { readonly timeOfDay: number; readonly day: number } | null = null;

  constructor(
    private readonly context: SurveyContext,
    private readonly start: DayState,
  ) {
    const { day, lastTime, crossing } = start;
    this.within = context.uploadedBefore ?? context.latest - dayMs;
    this.newestWithin = lastTime ?? Number.NEGATIVE_INFINITY;
    this.walk = day === null ? null : new DayWalk(day, lastTime ?? 0, crossing);
  }

  /** True until the first time-only timestamp. */
  get isEmpty(): boolean {
    return this.first === null;
  }

  wallTime(timeOfDay: number): number {
    this.noteWithin(dayWithin(timeOfDay, this.within) * dayMs + timeOfDay);
    const time = this.timeByOrder(timeOfDay);
    this.first ??= { timeOfDay, day: Math.floor(time / dayMs) };
    this.newest = Math.max(this.newest, time);
    return time;
  }

  state(): DayState {
    return this.start;
  }

  /** The dates of the part; null when the order of its lines, or the file's name, gives them without a plan. */
  plan(): DayPlan | null {
    const { first, context, start } = this;
    const { fileDay, latest } = context;
    if (first === null) return null;
    const isNew = start.day === null;
    if (isNew && fileDay !== null && this.newest <= latest) return null;
    if (isNew && fileDay === null && start.before?.firstTimestamp === clockText(first.timeOfDay)) return null;
    if (this.isWithin) return { firstDay: dayWithin(first.timeOfDay, this.within), within: this.within };
    const shift = Math.floor((latest - this.newest) / dayMs);
    return { firstDay: first.day + (isNew ? shift : Math.max(0, shift)), within: null };
  }

  private noteWithin(time: number): void {
    if (time > this.context.latest || time < this.newestWithin - disorderMs) this.isWithin = false;
    this.newestWithin = Math.max(this.newestWithin, time);
  }

  /** By order alone, as if every day had come already. */
  private timeByOrder(timeOfDay: number): number {
    const { walk, context } = this;
    if (walk !== null) return walk.step(timeOfDay, isDatedByName(context, this.start), Number.POSITIVE_INFINITY);
    const day = context.fileDay ?? latestDay(timeOfDay, context.latest);
    this.walk = new DayWalk(day, day * dayMs + timeOfDay, null);
    return this.walk.lastTime;
  }
}
