import { evaluateCompleted } from './evaluate';
import { decideMails, type DecidedMail, type Situation } from './decide-mails';
import { mailId, shortHash } from './ids';
import { newPatternAt, overAt, reminderAt, type Incident, type Mailed } from './incidents';
import type { Transition } from './mail-report';
import { pendingMail } from './outbox-records';
import { buildReport, groupName, patternsIn, patternsInWindows, type Subject } from './report';
import type { CheckedRule } from './rules';
import { ruleOf, type AlertingState } from './state';

/** Decides the mails that are due now, and puts them into the outputs. */
export function writeMails(state: AlertingState): void {
  const open = state.incidents.open().filter(({ mailed }) => mailed === null || !state.recalling);
  const { mails, closed } = decideMails(open.map((incident) => situationOf(state, incident)));
  for (const mail of mails) writeMail(state, mail);
  for (const incident of closed) {
    state.incidents.close(incident);
    if (incident.mailed === null) state.suppressed += 1;
  }
  for (const incident of open) if (newPatternsDue(state, incident)) incident.touched.clear();
  if (mails.length > 0 || closed.length > 0) state.changed = true;
}

function situationOf(state: AlertingState, incident: Incident): Situation {
  const { options, windows, now } = state;
  const rule = ruleOf(state.rules, incident);
  return {
    incident,
    over: windows.groupCompleteUntil(rule, incident.group, state) >= overAt(incident, rule, options.resolveAfterMs),
    quiet: incident.mailed === null && incident.to <= state.quietUntil,
    waited: state.ended || now >= incident.openedAt + options.groupWaitMs,
    backlogRead: state.backlogRead,
    newPattern: newPatternsDue(state, incident) ? newPatternOf(state, incident, rule) : null,
    reminderDue: incident.mailed !== null && now >= reminderAt(incident.mailed, options.repeatIntervalMs),
  };
}

/** True when it is time to look for new patterns. Until then, touched windows are kept. */
function newPatternsDue({ now, options }: AlertingState, { mailed }: Incident): boolean {
  return mailed !== null && now >= newPatternAt(mailed, options.repeatIntervalMs);
}

function newPatternOf({ windows }: AlertingState, incident: Incident, rule: CheckedRule): string | null {
  const mailed = incident.mailed?.patterns ?? null;
  if (mailed === null || incident.touched.size === 0) return null;
  const known = new Set(mailed);
  const patterns = patternsInWindows(windows, { rule, incidents: [incident] }, incident.touched);
  return patterns.find(({ pattern }) => !known.has(shortHash(pattern)))?.pattern ?? null;
}

function writeMail(state: AlertingState, { transition, situations }: DecidedMail): void {
  const [first, ...others] = situations;
  const rule = ruleOf(state.rules, first.incident);
  const subject: Subject = { rule, incidents: [first.incident, ...others.map(({ incident }) => incident)] };
  const id = mailId(rule.name, groupName(subject), first.incident.openedBy, transition, detailOf(first, transition));
  const report = buildReport(state.windows, state, subject, transition, id);
  state.outputs.push({ topic: 'outbox', ...pendingMail(report, state.now) });
  for (const { incident } of situations) {
    state.incidents.noteMail(incident, mailedNow(state, incident, rule, transition));
  }
}

/** Separates the mail from others of its incident and transition. */
function detailOf({ incident, newPattern }: Situation, transition: Transition): string | number {
  switch (transition) {
    case 'reminder':
      return (incident.mailed?.reminders ?? 0) + 1;
    case 'resolved':
      return (incident.mailed?.resolutions ?? 0) + 1;
    case 'new-pattern':
      return newPattern ?? '';
    case 'opened':
    case 'over':
    case 'digest':
      return '';
  }
}

/** With more distinct patterns in one incident, a new one is not worth a mail. */
const maxMailedPatterns = 64;

function mailedNow(state: AlertingState, incident: Incident, rule: CheckedRule, transition: Transition): Mailed {
  const { reminders, resolutions, newPatterns } = incident.mailed ?? { reminders: 0, resolutions: 0, newPatterns: 0 };
  const patterns = patternsIn(state.windows, { rule, incidents: [incident] });
  return {
    lastAt: state.now,
    reminders: reminders + (transition === 'reminder' ? 1 : 0),
    resolutions: resolutions + (transition === 'resolved' ? 1 : 0),
    newPatterns: newPatterns + (transition === 'new-pattern' ? 1 : 0),
    toldOver: transition === 'over' || transition === 'resolved' || transition === 'digest',
    patterns: patterns.length > maxMailedPatterns ? null : patterns.map(({ pattern }) => shortHash(pattern)),
  };
}

/**
 * Adds breaches to incidents in the order in which they arrived, so the order of reading partitions makes no difference
 * (`arrival-order-independence`).
 */
export function takeBreaches(state: AlertingState): void {
  evaluateCompleted(state);
  const { breaches, incidents, options } = state;
  const inOrder = [...breaches.values()].sort((a, b) => a.arrivedAt - b.arrivedAt || a.start - b.start);
  for (const breach of inOrder) incidents.take(breach, options.resolveAfterMs);
  if (breaches.size > 0) state.changed = true;
  breaches.clear();
}
