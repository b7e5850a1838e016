import { takeTick } from '../../../stream/job-clock';
import { least } from './extremes';
import { nextCompletion } from './evaluate';
import { gatheredAt } from './gather';
import { growthAt, newPatternAt, overAt, reminderAt, reopeningAt } from './incident-times';
import { maxClosedIncidents, type Incident } from './incidents';
import { groupWaitOf, ruleOf, type AlertingState } from './state';
import { takeBreaches, writeMails } from './write-mails';

/** Decides the mails that are due now, and then evicts windows and closed incidents that have not changed for long. */
export function decide(state: AlertingState): void {
  takeBreaches(state);
  writeMails(state);
  state.windows.evict(state.now - state.options.keepWindowsMs);
  evictIncidents(state, state.now);
  state.undecided = false;
}

/** Evicts closed incidents that have not changed for long at a time. */
export function evictIncidents(state: AlertingState, at: number): void {
  const most = state.recalling ? Infinity : maxClosedIncidents;
  if (state.incidents.evict(at - state.options.keepWindowsMs, most)) state.changed = true;
}

/**
 * Moves `now` to a time, and decides mails then. On the way, it decides mails at each time at which one becomes due, in
 * order of due time: it makes no difference how far apart ticks are. Reminders are the exception: those that became due on
 * the way are one, at the end. A consumer that was down sends one reminder per incident, not one for each that it missed.
 */
export function advance(state: AlertingState, to: number): void {
  takeBreaches(state);
  decideDue(state, to, 'without reminders');
  state.now = Math.max(state.now, to);
  decide(state);
}

/** Decides mails at the time of a tick, as far as it is believed. */
export function tick(state: AlertingState, at: number): void {
  const now = takeTick(state, at);
  if (now < state.now) setBack(state, now);
  advance(state, now);
}

/** The clock was ahead: all that happened later than now happens now, so that mails become due as with a right clock. */
function setBack(state: AlertingState, now: number): void {
  takeBreaches(state);
  state.now = now;
  state.changed = true;
  state.incidents.setBack(now);
  for (const until of state.evaluatedUntil.values()) {
    for (const [group, time] of until) until.set(group, Math.min(time, now));
  }
}

type DueTimes = 'all' | 'without reminders';

/** Decides mails at each time up to `to` at which one becomes due. All breaches are in incidents. */
export function decideDue(state: AlertingState, to: number, at: DueTimes): void {
  for (let due = nextDue(state, at); due <= to; due = nextDue(state, at)) {
    state.now = due;
    decide(state);
  }
}

/** The first time after `now` at which a mail may become due while no window comes; Infinity when there is none. */
function nextDue(state: AlertingState, at: DueTimes): number {
  const { incidents, channels } = state;
  const owed = new Set(incidents.owed().flatMap(({ owedTo }) => owedTo));
  const times = incidents.open().flatMap((incident) => dueTimes(state, incident, at));
  return Math.min(
    nextCompletion(state),
    least([...times, gatheredAt(owed, channels)].filter((time) => time > state.now)),
  );
}

function dueTimes(state: AlertingState, incident: Incident, at: DueTimes): number[] {
  const { options, rules } = state;
  const { mailed, openedAt, touched } = incident;
  const rule = ruleOf(rules, incident);
  const over = overAt(incident, rule, options.resolveAfterMs);
  if (mailed === null) return [over, openedAt + groupWaitOf(state, rule)];
  const { repeatIntervalMs } = options;
  const times = at === 'all' ? [over, reminderAt(mailed, repeatIntervalMs)] : [over];
  // Otherwise, nothing has changed since its last mail.
  if (touched.size === 0) return times;
  return [...times, ...[newPatternAt, growthAt, reopeningAt].map((dueAt) => dueAt(mailed, repeatIntervalMs))];
}
