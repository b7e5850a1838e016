/**
 * The clock of retention. It follows the machine's clock, but ignores jumps: a start with a wrong clock would delete
 * records that exist nowhere else. All times are epoch milliseconds.
 */
export interface RetentionClock {
  readonly time: number;
  /** The machine's time when it first was far ahead; null while it is not. */
  readonly aheadSince: number | null;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** How far the machine's clock may be ahead of the last known time before it counts as a jump. */
const MAX_STEP_MS = 2 * DAY_MS;

/**
 * A jump is accepted when the clock has continued from it for this long. No program may have run for some days, for
 * example.
 */
const BELIEVED_AFTER_MS = DAY_MS;

/** @param now the machine's time */
export function follow({ time, aheadSince }: RetentionClock, now: number): RetentionClock {
  if (now - time <= MAX_STEP_MS) return { time: now, aheadSince: null };
  if (aheadSince === null || now < aheadSince) return { time, aheadSince: now };
  return now - aheadSince < BELIEVED_AFTER_MS ? { time, aheadSince } : { time: now, aheadSince: null };
}
