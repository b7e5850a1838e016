import type { Incident, Mailed } from './incident';
import { slideAt, type CheckedRule } from './rules';

/**
 * An incident that was over and whose rule is breached again within this many times `resolveAfter` continues. A fixed number:
 * the same breaches give the same incidents in any order of arrival.
 */
const reachFactor = 6;

/** Breaches of a rule and group that are closer together are one incident. Milliseconds of event time. */
export function reachOf(resolveAfterMs: number): number {
  return reachFactor * resolveAfterMs;
}

/** How often an incident came back after a pause of `resolveAfter`. @param breaches starts, ascending */
export function flapsOf(breaches: readonly number[], windowMs: number, resolveAfterMs: number): number {
  let flaps = 0;
  for (const [i, start] of breaches.entries()) {
    const before = breaches[i - 1];
    if (before !== undefined && start - (before + windowMs) >= resolveAfterMs) flaps++;
  }
  return flaps;
}

/** How long an incident must be without a breach to be over: `resolveAfter`, and twice as long each time that it came back. */
export function quietTime(flaps: number, resolveAfterMs: number): number {
  return Math.min(resolveAfterMs * 2 ** flaps, reachOf(resolveAfterMs));
}

/**
 * When an incident is over unless another breach comes: complete windows up to this time cover its quiet time after its last
 * breach. A breach that starts earlier joins it.
 */
export function overAt(incident: Incident, rule: CheckedRule, resolveAfterMs: number): number {
  // The end of the last window that starts before the quiet time has passed.
  return slideAt(rule, incident.to + quietTime(incident.flaps, resolveAfterMs) - 1) + rule.windowMs;
}

/** When the next reminder is due: intervals begin with `repeatInterval` and double with every reminder. */
export function reminderAt(mailed: Mailed, repeatIntervalMs: number): number {
  return mailed.lastAt + repeatIntervalMs * 2 ** mailed.reminders;
}

/** The first pause between two mails of one cause. Doubles with each of them, up to `repeatInterval`. */
const firstPauseMs = 5 * 60_000;

function pause(mails: number, repeatIntervalMs: number): number {
  return Math.min(firstPauseMs * 2 ** mails, repeatIntervalMs);
}

/**
 * The first time at which a new pattern causes a mail: the first pattern at once, later ones after growing pauses. A service
 * that logs a new message each second must not cause a mail each second.
 */
export function newPatternAt({ lastAt, newPatterns }: Mailed, repeatIntervalMs: number): number {
  return newPatterns === 0 ? lastAt : lastAt + pause(newPatterns - 1, repeatIntervalMs);
}

/** The first time at which an incident that was over is mailed as opened again: at once, later after growing pauses. */
export function reopeningAt({ lastAt, reopenings }: Mailed, repeatIntervalMs: number): number {
  return reopenings === 0 ? lastAt : lastAt + pause(reopenings - 1, repeatIntervalMs);
}

/**
 * The first time at which growth causes a mail, after growing pauses. The first one is at once where the last mail said that
 * the incident was over: its reader looks away. Where it is open, hosts that upload one after the other are one mail.
 */
export function growthAt({ lastAt, growths, toldOver }: Mailed, repeatIntervalMs: number): number {
  return toldOver && growths === 0 ? lastAt : lastAt + pause(growths, repeatIntervalMs);
}
