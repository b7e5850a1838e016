/**
 * The time by which retention goes. It follows the clock of the machine, but not a jump: a start with a wrong clock would
 * delete records for which nothing else remains. All times are epoch milliseconds.
 */
export interface RetentionClock {
  readonly time: number;
  /** The machine's time when it was first seen to be far ahead; null while it is not. */
  readonly aheadSince: number | null;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The machine's clock may be this much ahead of the time of the last look. */
const MAX_STEP_MS = 2 * DAY_MS;

/** A jump is real after the clock has continued from there for this long: no program ran for some days, for example. */
const BELIEVED_AFTER_MS = DAY_MS;

/** @param now the machine's time */
export function follow({ time, aheadSince }: RetentionClock, now: number): RetentionClock {
  if (now - time <= MAX_STEP_MS) return { time: now, aheadSince: null };
  if (aheadSince === null || now < aheadSince) return { time, aheadSince: now };
  return now - aheadSince < BELIEVED_AFTER_MS ? { time, aheadSince } : { time: now, aheadSince: null };
}
