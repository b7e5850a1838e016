import type { JobInput } from '../../src/stream/job';

const HOUR = 60 * 60_000;
const BELIEVED_AFTER = 10 * 60_000;

/** The ticks after which a job at `now` believes that it is `to`, as a clock gives them that continues. */
export function ticksTo(now: number, to: number): JobInput[] {
  const last = { type: 'tick', now: to } as const;
  return now === 0 || Math.abs(to - now) <= HOUR ? [last] : [{ type: 'tick', now: to - BELIEVED_AFTER }, last];
}
