import { evaluateCompleted } from './evaluate';
import { decideMails, type DecidedMail, type Situation } from './decide-mails';
import { gather, type DueMessage } from './gather';
import { mailId, shortHash } from './ids';
import { incidentFacts, type IncidentFacts } from './incident-facts';
import { growthAt, newPatternAt, overAt, reachOf, reminderAt, reopeningAt } from './incident-times';
import type { Incident, Mailed } from './incidents';
import type { Transition } from './mail-report';
import { pendingMail } from './outbox-records';
import { buildReport, patternsIn, patternsInWindows, type Subject } from './report';
import type { CheckedRule } from './rules';
import { groupWaitOf, ruleOf, type AlertingState } from './state';
import { buildSummary, summaryId } from './summary';
import { hasGrown, toldNow } from './told';

/** Decides the messages that are due now, and puts them into the outputs. */
export function writeMails(state: AlertingState): void {
  const open = state.incidents.open().filter(({ mailed }) => mailed === null || !state.recalling);
  const waitedSince = firstWaiting(open);
  const situations = open.map((incident) => situationOf(state, incident, waitedSince));
  const { mails, closed, gone } = decideMails(situations);
  send(state, mails);
  for (const incident of closed) {
    state.incidents.close(incident);
    if (incident.mailed === null) state.suppressed += 1;
  }
  for (const incident of gone) state.incidents.forget(incident);
  const told = new Set(mails.map(({ situation }) => situation));
  for (const situation of situations) {
    const { incident, grown } = situation;
    // Growth that waits for its time stays noted.
    if ((!grown || told.has(situation)) && newPatternsDue(state, incident)) incident.touched.clear();
  }
  if (mails.length + closed.length + gone.length > 0) state.changed = true;
}

/** By rule: since when its incidents without a mail wait. The first of them ends the wait of all. */
function firstWaiting(open: readonly Incident[]): ReadonlyMap<string, number> {
  const since = new Map<string, number>();
  for (const { mailed, rule, openedAt } of open) {
    if (mailed === null) since.set(rule, Math.min(openedAt, since.get(rule) ?? openedAt));
  }
  return since;
}

function situationOf(state: AlertingState, incident: Incident, waitedSince: ReadonlyMap<string, number>): Situation {
  const { options, windows, now } = state;
  const { mailed } = incident;
  const rule = ruleOf(state.rules, incident);
  const isDue = (dueAt: (mailed: Mailed, repeatIntervalMs: number) => number): boolean =>
    mailed !== null && now >= dueAt(mailed, options.repeatIntervalMs);
  return {
    incident,
    over: isOver(state, incident, rule),
    quiet: mailed === null && incident.to <= state.quietUntil,
    waited: state.ended || now >= (waitedSince.get(rule.name) ?? incident.openedAt) + groupWaitOf(state, rule),
    backlogRead: state.backlogRead,
    past: now >= incident.to + options.resolveAfterMs,
    cameBack: cameBack(state, incident),
    newPattern: isDue(newPatternAt) ? newPatternOf(windows, incident, rule) : null,
    grown: isGrown(state, incident, rule),
    continues: !incident.late && incident.to > (mailed?.told?.to ?? Infinity),
    growthDue: state.ended || isDue(growthAt),
    reopeningDue: state.ended || isDue(reopeningAt),
    reminderDue: isDue(reminderAt),
  };
}

function cameBack({ now, options }: AlertingState, { mailed, flaps, from }: Incident): boolean {
  return mailed === null && flaps > 0 && now - from > reachOf(options.resolveAfterMs);
}

function isOver(state: AlertingState, incident: Incident, rule: CheckedRule): boolean {
  const completeUntil = state.windows.groupCompleteUntil(rule, incident.group, state);
  return completeUntil >= overAt(incident, rule, state.options.resolveAfterMs);
}

function isGrown({ figures }: AlertingState, incident: Incident, rule: CheckedRule): boolean {
  const told = incident.mailed?.told ?? null;
  if (told === null || incident.touched.size === 0 || incident.mergedInto !== null) return false;
  return hasGrown(told, incident, figures.of(incident, rule), incident.mailed?.toldOver === true);
}

/** True when it is time to look for new patterns. Until then, touched windows are kept. */
function newPatternsDue({ now, options }: AlertingState, { mailed }: Incident): boolean {
  return mailed !== null && now >= newPatternAt(mailed, options.repeatIntervalMs);
}

function newPatternOf(windows: AlertingState['windows'], incident: Incident, rule: CheckedRule): string | null {
  const mailed = incident.mailed?.patterns ?? null;
  if (mailed === null || incident.touched.size === 0) return null;
  const known = new Set(mailed);
  const patterns = patternsInWindows(windows, { rule, incidents: [incident] }, incident.touched);
  return patterns.find(({ pattern }) => !known.has(shortHash(pattern)))?.pattern ?? null;
}

interface Due extends DueMessage<Incident> {
  readonly mail: DecidedMail;
  readonly id: string;
}

/** Sends decided messages: by themselves, in summaries, or later. */
function send(state: AlertingState, mails: readonly DecidedMail[]): void {
  const { incidents, options, now } = state;
  const owing = incidents.owed();
  if (mails.length === 0 && owing.length === 0) return;
  const facts = new Map<Incident, IncidentFacts>();
  const factsOf = (incident: Incident): IncidentFacts => {
    const known = facts.get(incident) ?? incidentFacts(state.windows, ruleOf(state.rules, incident), incident);
    facts.set(incident, known);
    return known;
  };
  const due = mails.map((mail) => dueMessage(state, mail, factsOf(mail.situation.incident)));
  const owed = new Map<string, Incident[]>();
  for (const incident of owing) {
    for (const name of incident.owedTo) owed.set(name, [...(owed.get(name) ?? []), incident]);
  }
  const { channels, cap } = { channels: state.channels, cap: options.cap };
  const gathered = gather({ now, due, owed, channels, cap, isLast: state.ended });

  const owedTo = new Map<Incident, string[]>();
  for (const [name, some] of gathered.owed) {
    for (const incident of some) owedTo.set(incident, [...(owedTo.get(incident) ?? []), name]);
  }
  // Before any of them counts as mailed: the words of a message depend on the mails before it.
  const byIncident = new Map(due.map((each) => [each.incident, each]));
  for (const { message, receivers } of gathered.singles) {
    const each = byIncident.get(message.incident);
    if (each !== undefined) writeMail(state, each, receivers, owedTo.get(each.incident) ?? []);
  }
  for (const { cause, incidents: some, receivers } of gathered.summaries) {
    const members = some.map((incident) => ({
      incident,
      rule: ruleOf(state.rules, incident),
      facts: factsOf(incident),
      isOver: isOver(state, incident, ruleOf(state.rules, incident)),
      /** Separates this message from others with the same incidents. */
      id: byIncident.get(incident)?.id ?? `${incident.id} ${incident.mailed?.lastAt ?? 0}`,
    }));
    const id = summaryId(cause, receivers, members);
    const summary = buildSummary(state.windows, state, { id, cause, receivers, members });
    state.outputs.push({ topic: 'outbox', ...pendingMail(summary, now) });
  }
  for (const { incident, mail } of due) {
    incidents.noteMail(incident, mailedNow(state, mail.situation, ruleOf(state.rules, incident), mail.transition));
  }
  for (const incident of new Set([...owing, ...owedTo.keys()])) {
    incidents.noteOwed(incident, owedTo.get(incident) ?? []);
  }
  if (due.length + gathered.summaries.length > 0) state.changed = true;
  state.channels = gathered.channels;
}

function dueMessage(state: AlertingState, mail: DecidedMail, { origins, patterns }: IncidentFacts): Due {
  const { rules, options, now } = state;
  const { transition, situation } = mail;
  const { incident } = situation;
  const rule = ruleOf(rules, incident);
  const { name, level, severity } = rule;
  const routed = {
    hosts: origins.slice(0, routedNames).map(({ origin }) => origin),
    patterns: patterns.slice(0, routedNames).map(({ pattern }) => pattern),
    ...{ rule: name, level, severity },
  };
  return {
    mail,
    id: mailId(name, incident.group, incident.openedBy, transition, detailOf(situation, transition)),
    incident,
    kind: `${name} ${transition}`,
    isPast: transition === 'over' || transition === 'digest' || situation.cameBack,
    isOpen: transition === 'opened',
    waits: groupWaitOf(state, rule) > 0,
    recipients: options.recipientsOf(routed, transition, now),
  };
}

/** Routes check at most this number of hosts and patterns. */
const routedNames = 20;

function writeMail(state: AlertingState, due: Due, receivers: readonly string[], owedTo: readonly string[]): void {
  const { mail, incident, id, recipients } = due;
  const subject: Subject = { rule: ruleOf(state.rules, incident), incidents: [incident] };
  const report = buildReport(state.windows, state, subject, mail.transition, id, mail.situation.over);
  const isForAll = receivers.length === recipients.length;
  const named = { ...report, ...(isForAll ? {} : { receivers }), ...(owedTo.length === 0 ? {} : { owedTo }) };
  state.outputs.push({ topic: 'outbox', ...pendingMail(named, state.now) });
}

/** Separates the mail from others of its incident and transition. */
function detailOf({ incident: { mailed }, newPattern }: Situation, transition: Transition): string | number {
  switch (transition) {
    case 'reminder':
      return (mailed?.reminders ?? 0) + 1;
    case 'resolved':
      return (mailed?.resolutions ?? 0) + 1;
    case 'reopened':
      return (mailed?.reopenings ?? 0) + 1;
    case 'grown':
      return (mailed?.growths ?? 0) + 1;
    case 'new-pattern':
      return newPattern ?? '';
    case 'opened':
    case 'over':
    case 'digest':
    case 'merged':
      return '';
  }
}

/** With more distinct patterns in one incident, a new one is not worth a mail. */
const maxMailedPatterns = 64;

const notMailed = { reminders: 0, resolutions: 0, newPatterns: 0, reopenings: 0, growths: 0 };

function mailedNow(
  state: AlertingState,
  { incident, over }: Situation,
  rule: CheckedRule,
  transition: Transition,
): Mailed {
  const before = incident.mailed ?? notMailed;
  const patterns = patternsIn(state.windows, { rule, incidents: [incident] });
  return {
    lastAt: state.now,
    reminders: before.reminders + (transition === 'reminder' ? 1 : 0),
    resolutions: before.resolutions + (transition === 'resolved' ? 1 : 0),
    newPatterns: before.newPatterns + (transition === 'new-pattern' ? 1 : 0),
    reopenings: before.reopenings + (transition === 'reopened' ? 1 : 0),
    growths: before.growths + (transition === 'grown' ? 1 : 0),
    toldOver: transition === 'digest' || over,
    patterns: patterns.length > maxMailedPatterns ? null : patterns.map(({ pattern }) => shortHash(pattern)),
    told: toldNow(incident, state.figures.of(incident, rule)),
  };
}

/**
 * Records of earlier versions do not say what the mails told: the figures of when the job stopped count as told. Called after a
 * restart, before new windows are folded, and when all windows are read again after a reset.
 */
export function noteTold(state: AlertingState): void {
  if (state.recalling) return;
  for (const incident of state.incidents.all()) {
    const { mailed } = incident;
    if (mailed === null || mailed.told !== null) continue;
    const told = toldNow(incident, state.figures.of(incident, ruleOf(state.rules, incident)));
    state.incidents.noteMail(incident, { ...mailed, told });
    state.changed = true;
  }
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
