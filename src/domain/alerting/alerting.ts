import { TelltaleError } from '../../errors';
import { parseWindowRecord } from '../counting/parse-window-record';
import type { WindowRecord } from '../counting/window-record';
import type { Job, JobInput, JobOutput, OutputRecord, Recall } from '../job';
import { decodeBatch } from '../lines/record-batch';
import { decideMails, type DecidedMail, type Situation } from './decide-mails';
import { least } from './extremes';
import { decodeHead, encodeHead, fromHead, toHead, type Head, type PartitionHead } from './head';
import { mailId, shortHash } from './ids';
import { Incidents, overAt, reminderAt, type Breach, type Incident, type Mailed } from './incidents';
import { KeptWindows, type Place } from './kept-windows';
import type { Transition } from './mail-report';
import { pendingMail } from './outbox-records';
import { buildReport, groupName, patternsIn, type Subject } from './report';
import { checkRules, groupOf, ruleWindowStart, type CheckedRule, type Rule } from './rules';

/** Lengths are milliseconds. */
export interface AlertingOptions {
  /** Partitions of topic `windows`. */
  readonly partitions: number;
  /** The window of counting. */
  readonly windowMs: number;
  readonly rules: readonly Rule[];
  /** From the opening of an incident to its first mail. */
  readonly groupWaitMs: number;
  /** From the first mail of an incident to its first reminder; doubles with every reminder. More than 0. */
  readonly repeatIntervalMs: number;
  /** An incident is over when complete windows covering this much event time behind its last breach held none. */
  readonly resolveAfterMs: number;
  /** Breaches in windows that ended longer ago when they arrived go into a digest. */
  readonly digestAfterMs: number;
  /** Windows and closed incidents are remembered for so long after their last change. */
  readonly keepWindowsMs: number;
  /**
   * When mails are decided: at every drain, or only when the input has ended, over its final windows as if each had been
   * uploaded as soon as it ended (rule 19).
   */
  readonly decide: 'drained' | 'atEnd';
}

export interface AlertingState {
  readonly options: AlertingOptions;
  readonly rules: ReadonlyMap<string, CheckedRule>;
  windows: KeptWindows;
  readonly incidents: Incidents;
  /** Breaches seen since mails were last decided, by rule, group and start. */
  readonly breaches: Map<string, Breach>;
  /** Largest record timestamp or tick seen; with `atEnd` the end of the window that is being folded (rules 11 and 19). */
  now: number;
  /** Is nothing left to come that could make a window incomplete that has ended? */
  allComplete: boolean;
  /** Has nothing come since the input was read to its end? */
  backlogRead: boolean;
  ended: boolean;
  /** By partition: what the head said. */
  readonly restoreFrom: readonly number[];
  /** By partition: the next offset to fold. */
  readonly positions: number[];
  outputs: OutputRecord[];
  changed: boolean;
}

/**
 * The job that folds windows into incidents and decides their mails: `windows`, all partitions, to `outbox`.
 *
 * A breach exists as soon as a revision passes a rule's threshold, and joins an incident in the order of arrival (record
 * timestamps); mails are decided in `drain`. So incidents do not depend on how the input was cut, nor on restarts: `recall`
 * takes windows up to the head's offset only, and what lies behind it is folded like anything new.
 *
 * @throws CONFIG when rules do not fit together or to the base window
 */
export function createAlerting(options: AlertingOptions): Job<AlertingState> {
  const rules = new Map(checkRules(options.rules, options.windowMs).map((rule) => [rule.name, rule]));
  return {
    name: 'alerting',
    input: 'windows',
    output: 'outbox',
    open: (head) => openState(options, rules, head),
    recalls,
    recall,
    position: (state, partition) => state.positions[partition] ?? 0,
    step,
    drain,
  };
}

/** Folds windows as if they had been read from partition 0, one record each, with this timestamp (epoch milliseconds). */
export function foldWindows(state: AlertingState, windows: readonly WindowRecord[], timestamp: number): void {
  for (const window of windows) {
    foldWindow(state, window, { partition: 0, offset: state.positions[0] ?? 0, timestamp });
  }
}

function openState(
  options: AlertingOptions,
  rules: ReadonlyMap<string, CheckedRule>,
  value: Buffer | null,
): AlertingState {
  const head = value === null ? null : decodeHead(value);
  const incidents = new Incidents();
  for (const incident of head?.incidents ?? []) {
    const rule = rules.get(incident.rule);
    if (rule?.definition === incident.definition) incidents.add(fromHead(incident, rule));
  }
  const partitions = Array.from({ length: options.partitions }, (_, i) => head?.partitions[i] ?? untouched);
  return {
    options,
    rules,
    windows: new KeptWindows(options.partitions, options.windowMs, [...rules.values()]),
    incidents,
    breaches: new Map(),
    now: head?.now ?? 0,
    allComplete: options.decide === 'atEnd',
    backlogRead: false,
    ended: false,
    restoreFrom: partitions.map(({ restoreFrom }) => restoreFrom),
    positions: partitions.map(({ offset }) => offset),
    outputs: [],
    changed: false,
  };
}

const untouched: PartitionHead = { offset: 0, restoreFrom: 0 };

/** Partitions of which something is kept: the windows of the rest have all been forgotten, or there were none. */
function recalls(state: AlertingState): readonly Recall[] {
  return state.restoreFrom
    .map((from, partition) => ({ topic: 'windows' as const, partition, from }))
    .filter(({ partition, from }) => from < (state.positions[partition] ?? 0));
}

function recall(state: AlertingState, { partition }: Recall, batch: Buffer, firstWanted: number): void {
  const end = state.positions[partition] ?? 0;
  for (const { window, place } of windowsIn(batch, partition, firstWanted)) {
    if (window !== null && place.offset < end) state.windows.put(window, place);
  }
}

function step(state: AlertingState, input: JobInput): void {
  switch (input.type) {
    case 'batch':
      state.backlogRead = false;
      for (const { window, place } of windowsIn(input.batch, input.partition, input.firstWanted)) {
        if (window !== null) foldWindow(state, window, place);
        else passBy(state, place);
      }
      return;
    case 'tick':
      state.backlogRead = true;
      if (state.options.decide === 'drained') state.now = Math.max(state.now, input.now);
      return;
    case 'end':
      state.backlogRead = true;
      state.allComplete = true;
      if (state.options.decide === 'atEnd') foldFinalWindows(state);
      state.ended = true;
      return;
  }
}

function drain(state: AlertingState): JobOutput {
  const live = state.options.decide === 'drained';
  if (!live && !state.ended) return { outputs: [], head: null };
  writeMails(state);
  if (live) forget(state);
  const { outputs } = state;
  const head = state.changed ? encodeHead(headOf(state)) : null;
  state.outputs = [];
  state.changed = false;
  return { outputs, head };
}

function forget(state: AlertingState): void {
  const changedBy = state.now - state.options.keepWindowsMs;
  state.windows.forget(changedBy);
  if (state.incidents.forget(changedBy)) state.changed = true;
}

function headOf(state: AlertingState): Head {
  return {
    v: 1,
    now: state.now,
    partitions: state.positions.map((offset, partition) => ({
      offset,
      restoreFrom: state.windows.lowestOffset(partition) ?? offset,
    })),
    incidents: state.incidents.all().map((incident) => toHead(incident, ruleOf(state.rules, incident))),
  };
}

function* windowsIn(
  batch: Buffer,
  partition: number,
  from: number,
): Generator<{ window: WindowRecord | null; place: Place }> {
  for (const { offset, timestamp, key, value } of decodeBatch(batch, from)) {
    const window = key === null || value === null ? null : parseWindowRecord(key, value);
    yield { window, place: { partition, offset, timestamp } };
  }
}

function foldWindow(state: AlertingState, window: WindowRecord, place: Place): void {
  passBy(state, place);
  if (state.options.decide === 'atEnd') {
    state.windows.put(window, place);
    return;
  }
  state.now = Math.max(state.now, place.timestamp);
  judge(state, window, place);
}

function passBy(state: AlertingState, { partition, offset }: Place): void {
  state.positions[partition] = offset + 1;
  state.changed = true;
}

/** Takes a revision into the sums, and notes what it breaches. */
function judge(state: AlertingState, record: WindowRecord, place: Place): void {
  const { options, windows, breaches } = state;
  const window = windows.put(record, place);
  if (window === null) return;
  for (const rule of windows.rulesOf(window.origin)) {
    const group = groupOf(rule, window.origin);
    const start = ruleWindowStart(rule, window.start);
    const key = JSON.stringify([rule.name, group, start]);
    if (windows.sum(rule, group, start) <= rule.threshold || breaches.has(key)) continue;
    const arrivedAt = windows.changedAt(rule, group, start);
    const late = options.decide === 'drained' && arrivedAt - (start + rule.windowMs) > options.digestAfterMs;
    breaches.set(key, { rule, group, start, arrivedAt, late });
  }
}

/**
 * Breaches become incidents in the order in which they arrived, so that it makes no difference how far ahead of the
 * others a partition was read.
 */
function takeBreaches({ breaches, incidents, options }: AlertingState): void {
  const inOrder = [...breaches.values()].sort((a, b) => a.arrivedAt - b.arrivedAt || a.start - b.start);
  for (const breach of inOrder) incidents.take(breach, options.resolveAfterMs);
  breaches.clear();
}

/** Rule 19: the final windows in order of (start, origin), on a clock that each window's own end sets. */
function foldFinalWindows(state: AlertingState): void {
  const { options, rules } = state;
  const final = state.windows.between(-Infinity, Infinity);
  state.windows = new KeptWindows(options.partitions, options.windowMs, [...rules.values()]);
  for (const { record, end, partition, offset } of final) {
    if (end > state.now) {
      // Mails of the window before are due only now, when that window is summed over all origins.
      writeMails(state);
      runTimers(state, end);
      state.now = end;
    }
    judge(state, record, { partition, offset, timestamp: end });
  }
}

/** Decides mails at each time at which one is due before `until`, in order. */
function runTimers(state: AlertingState, until: number): void {
  for (;;) {
    const open = state.incidents.all().filter(({ closed }) => !closed);
    const due = least(open.map((incident) => dueAt(state, incident)));
    if (due >= until) return;
    state.now = Math.max(state.now, due);
    writeMails(state);
  }
}

/** When something about an open incident is due if no window comes before. */
function dueAt({ options, rules }: AlertingState, incident: Incident): number {
  const over = overAt(incident, ruleOf(rules, incident), options.resolveAfterMs);
  return incident.mailed === null
    ? Math.min(over, incident.openedAt + options.groupWaitMs)
    : Math.min(over, reminderAt(incident.mailed, options.repeatIntervalMs));
}

/** Decides the mails that are due now and writes them out. */
function writeMails(state: AlertingState): void {
  takeBreaches(state);
  const open = state.incidents.all().filter(({ closed }) => !closed);
  const { mails, closed } = decideMails(open.map((incident) => situationOf(state, incident)));
  for (const mail of mails) writeMail(state, mail);
  for (const incident of closed) incident.closed = true;
  for (const incident of open) incident.touched.clear();
  if (mails.length > 0 || closed.length > 0) state.changed = true;
}

function situationOf(state: AlertingState, incident: Incident): Situation {
  const { options, windows, now } = state;
  const rule = ruleOf(state.rules, incident);
  return {
    incident,
    over: windows.groupCompleteUntil(rule, incident.group, state) >= overAt(incident, rule, options.resolveAfterMs),
    waited: state.ended || now >= incident.openedAt + options.groupWaitMs,
    backlogRead: state.backlogRead,
    newPattern: newPatternOf(state, incident, rule),
    reminderDue: incident.mailed !== null && now >= reminderAt(incident.mailed, options.repeatIntervalMs),
  };
}

function newPatternOf({ windows }: AlertingState, incident: Incident, rule: CheckedRule): string | null {
  const mailed = incident.mailed?.patterns ?? null;
  if (mailed === null || incident.touched.size === 0) return null;
  const known = new Set(mailed);
  const patterns = patternsIn(windows, { rule, incidents: [incident] }, incident.touched);
  return patterns.find(({ pattern }) => !known.has(shortHash(pattern)))?.pattern ?? null;
}

function writeMail(state: AlertingState, { transition, situations }: DecidedMail): void {
  const [first, ...others] = situations;
  const rule = ruleOf(state.rules, first.incident);
  const subject: Subject = { rule, incidents: [first.incident, ...others.map(({ incident }) => incident)] };
  const id = mailId(rule.name, groupName(subject), first.incident.openedBy, transition, detailOf(first, transition));
  const report = buildReport(state.windows, state, subject, transition, id);
  state.outputs.push(pendingMail(report, state.now));
  for (const { incident } of situations) incident.mailed = mailedNow(state, incident, rule, transition);
}

/** What sets the mail apart from others of its incident and transition. */
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

/** More distinct patterns in one incident are not told apart: one more of them would be no news. */
const maxMailedPatterns = 64;

function mailedNow(state: AlertingState, incident: Incident, rule: CheckedRule, transition: Transition): Mailed {
  const { reminders, resolutions } = incident.mailed ?? { reminders: 0, resolutions: 0 };
  const patterns = patternsIn(state.windows, { rule, incidents: [incident] });
  return {
    lastAt: state.now,
    reminders: reminders + (transition === 'reminder' ? 1 : 0),
    resolutions: resolutions + (transition === 'resolved' ? 1 : 0),
    toldOver: transition === 'over' || transition === 'resolved' || transition === 'digest',
    patterns: patterns.length > maxMailedPatterns ? null : patterns.map(({ pattern }) => shortHash(pattern)),
  };
}

function ruleOf(rules: ReadonlyMap<string, CheckedRule>, incident: Incident): CheckedRule {
  const rule = rules.get(incident.rule);
  if (rule === undefined)
    throw new TelltaleError('INTERNAL', `Incident ${incident.id} has no rule "${incident.rule}".`);
  return rule;
}
