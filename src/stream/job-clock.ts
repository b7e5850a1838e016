/**
 * A job's time is processing time: that of its records and ticks. Ticks come every second, so only one after a stop, or of
 * a clock that is set wrong, is farther from it than this.
 */
const MAX_STEP_MS = 60 * 60_000;

/** A clock that is wrong for a moment, such as at a start without network, is right again by then. */
const BELIEVED_AFTER_MS = 10 * 60_000;

export interface JobClock {
  /** Epoch milliseconds; 0 when the job has none yet. */
  readonly now: number;
  /** The first of the ticks that continue from one another and are not believed yet; null when there is none. */
  readonly doubtedSince: number | null;
}

/**
 * The clock after a tick. A clock that is far ahead for a moment would fire all timers, and then none for as long as
 * it was ahead. So a tick far from the job's time is believed only after ticks have continued from it for ten minutes: then
 * the time becomes that of the tick, ahead or back. Records are input like any other, and are not doubted: their time is
 * the larger one.
 * @param tick epoch milliseconds
 */
function afterTick({ now, doubtedSince }: JobClock, tick: number): JobClock {
  if (now === 0 || Math.abs(tick - now) <= MAX_STEP_MS) return { now: Math.max(now, tick), doubtedSince: null };
  const continues = doubtedSince !== null && tick >= doubtedSince && tick - doubtedSince <= MAX_STEP_MS;
  if (!continues) return { now, doubtedSince: tick };
  return tick - doubtedSince < BELIEVED_AFTER_MS ? { now, doubtedSince } : { now: tick, doubtedSince: null };
}

/** A change in how far a job believes its clock, for log and counters. Times are epoch milliseconds. */
export interface ClockDoubt {
  readonly reason: 'ahead' | 'behind' | 'set ahead' | 'set back';
  readonly now: number;
  readonly tick: number;
}

/** The doubt that a tick begins or ends; null when it changes nothing. */
function doubtAt(before: JobClock, after: JobClock, tick: number): ClockDoubt | null {
  const { now } = before;
  if (after.doubtedSince === tick) return { reason: tick > now ? 'ahead' : 'behind', now, tick };
  if (before.doubtedSince === null || after.now !== tick || Math.abs(tick - now) <= MAX_STEP_MS) return null;
  return { reason: tick > now ? 'set ahead' : 'set back', now, tick };
}

/** The part of a job's state that {@link takeTick} changes. */
interface DoubtingState extends JobClock {
  doubtedSince: number | null;
  readonly doubts: ClockDoubt[];
}

/** Notes a tick, and a doubt about it. @returns the job's time after it; before `state.now` when the clock goes back */
export function takeTick(state: DoubtingState, tick: number): number {
  const clock = afterTick(state, tick);
  const doubt = doubtAt(state, clock, tick);
  if (doubt !== null) state.doubts.push(doubt);
  state.doubtedSince = clock.doubtedSince;
  return clock.now;
}
