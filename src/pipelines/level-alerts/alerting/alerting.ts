import { TelltaleError } from '../../../errors';
import { parseWindowRecord, type WindowReader } from '../counting/parse-window-record';
import type { WindowRecord } from '../counting/window-record';
import { refuseUnreadable } from '../../../stream/continue-from';
import type { Flushed, Job, JobInput, RestoredRange, RestoreRange, UnmatchedRule } from '../../../stream/job';
import { alertingStateTopic, outboxTopic } from '../topics';
import { parseQuiet } from '../../../stream/outbox-records';
import { parseProgress } from '../../../stream/progress';
import { recordsOf } from '../../../stream/read-input';
import { PROGRESS } from '../../../stream/topics';
import { decodeBatch, type DecodedRecord } from '../../../records/record-batch';
import { advance, decide, tick } from './decide';
import { evaluateRevision, skipEvaluated } from './evaluate';
import { restoreIncident, takeIncidentRecords } from './incident-records';
import type { Place } from './kept-windows';
import { parseOutboxRecord } from './outbox-records';
import { recallMail } from './told-incidents';
import { checkRules } from './rules';
import { encodeState, openState, ruleOf, type AlertingOptions, type AlertingState } from './state';
import { noteTold, takeBreaches } from './write-mails';

const OUTBOX = 'outbox';
const WINDOWS = 'windows';

export type { AlertingOptions, AlertingState } from './state';

/**
 * The job that folds windows into incidents and decides their mails: `windows`, all partitions, to `outbox`.
 *
 * A breach exists as soon as a revision breaches a rule, and joins an incident in the order of arrival (record
 * timestamps). So incidents depend neither on batch boundaries nor on restarts: `restore` takes windows up to the job's
 * position only, and those after it are folded like new ones (`arrival-order-independence`). Mails are decided at each
 * tick, and under load when outputs are written.
 *
 * @throws CONFIG when rules do not fit together or to the base window, or reminders would never end
 */
export function createAlerting(options: AlertingOptions): Job<AlertingState> {
  if (options.repeatIntervalMs <= 0) {
    throw new TelltaleError(
      'CONFIG',
      'alerting.repeatInterval is not more than 0; set how long to wait for a reminder.',
    );
  }
  const rules = new Map(checkRules(options.rules, options.windowMs).map((rule) => [rule.name, rule]));
  return {
    name: 'alerting',
    // Changed rules need no reset: each incident keeps its rule's definition.
    definition: 'alerting',
    over: 'topic',
    inputs: [
      { topic: WINDOWS, partitions: options.partitions },
      ...(options.barrierWaitMs === 0 ? [] : [{ topic: PROGRESS, partitions: options.partitions }]),
    ],
    outputs: [outboxTopic(options.keepWindowsMs), alertingStateTopic],
    // The outbox stays: it says which incidents were mailed, so that they are not mailed again.
    stateTopics: [alertingStateTopic.name],
    // Under load, mails are decided when they are written.
    flushIntervalMs: 10_000,
    open: (head) => openState(options, rules, head),
    restoreRanges,
    restore,
    step,
    flush,
  };
}

/**
 * The incidents, the kept windows of each partition, and the progress of the parts before; without a head, the mails that were
 * decided before a reset.
 */
function restoreRanges(state: AlertingState): readonly RestoreRange[] {
  const { recallsMails, restoresIncidents, restoreFrom, options } = state;
  if (recallsMails) return [{ topic: OUTBOX, from: 0 }];
  const windows = restoreFrom.flatMap((from, partition) =>
    from === null ? [] : [{ topic: WINDOWS, partition, from }],
  );
  const progress =
    options.barrierWaitMs === 0 ? [] : restoreFrom.map((_, partition) => ({ topic: PROGRESS, partition, from: 0 }));
  const incidents = restoresIncidents ? [{ topic: alertingStateTopic.name, from: 0 }] : [];
  return [...incidents, ...windows, ...progress];
}

/** @throws RESET_NEEDED */
function restore(state: AlertingState, range: RestoredRange, batch: Buffer, startOffset: number): void {
  const { topic, partition, to } = range;
  if (topic === alertingStateTopic.name) {
    for (const record of decodeBatch(batch, startOffset)) {
      // Without it, its incident would be mailed again.
      if (restoreIncident(state.incidents, state.rules, record)) continue;
      refuseUnreadable('alerting', { topic, partition, offset: record.offset });
    }
    return;
  }
  if (topic === OUTBOX) {
    for (const { key, value } of decodeBatch(batch, startOffset)) recallRecord(state, key, value);
    return;
  }
  if (topic === PROGRESS) {
    for (const record of decodeBatch(batch, startOffset)) if (record.offset < to) noteProgress(state, record);
    return;
  }
  for (const { window, place } of windowsIn(decodeBatch(batch, startOffset), partition, parseWindowRecord)) {
    if (window !== null && place.offset < to) state.windows.put(window, place);
  }
}

function recallRecord(state: AlertingState, key: Buffer | null, value: Buffer | null): void {
  const quiet = parseQuiet(key, value);
  if (quiet !== null) {
    state.quietUntil = Math.max(state.quietUntil, quiet.until);
    state.changed = true;
  }
  const record = parseOutboxRecord(key, value);
  if (record?.kind !== 'mail') return;
  recallMail(state.incidents, state.rules, record.report);
  state.recalling = true;
  // The first flush writes the records of these incidents, together with a head.
  state.changed = true;
}

function step(state: AlertingState, input: JobInput): void {
  if (state.restoring) {
    skipEvaluated(state);
    noteTold(state);
  }
  state.restoring = false;
  switch (input.type) {
    case 'batch':
    case 'records':
      if (input.topic === PROGRESS) {
        for (const record of recordsOf(input)) noteProgress(state, record);
        return;
      }
      state.changed = true;
      for (const { window, place, isUnreadable } of windowsIn(recordsOf(input), input.partition, parseWindowRecord)) {
        if (isUnreadable) noteUnreadable(state, place);
        // Mails that were due since the last tick do not know this window yet.
        if (state.backlogRead) advance(state, place.timestamp - 1);
        state.backlogRead = false;
        if (window !== null) foldWindow(state, window, place);
      }
      return;
    case 'lines':
      throw new TelltaleError('INTERNAL', 'Alerting folds windows, not lines.');
    case 'tick':
      endRecall(state);
      state.backlogRead = state.backlog.isRead(input.now);
      state.isBacklogKnown = state.backlog.isKnown;
      tick(state, input.now);
      return;
    case 'end':
      endRecall(state);
      state.backlogRead = true;
      state.ended = true;
      state.undecided = true;
      return;
  }
}

function noteProgress(state: AlertingState, { key, value }: DecodedRecord): void {
  const record = parseProgress(key, value);
  if (record === null) return;
  state.backlog.note(record);
}

function endRecall(state: AlertingState): void {
  if (!state.recalling) return;
  state.changed = true;
  state.recalling = false;
  takeBreaches(state);
  noteTold(state);
}

function flush(state: AlertingState): Flushed {
  if (state.undecided) decide(state);
  const records = takeIncidentRecords(state.incidents, (incident) => ruleOf(state.rules, incident), state.now);
  const outputs = [...state.outputs, ...records];
  const head = state.changed ? encodeState(state) : null;
  const unreadable = [...state.unreadable.values()];
  const { suppressed, doubts } = state;
  state.suppressed = 0;
  state.doubts = [];
  state.outputs = [];
  state.changed = false;
  state.unreadable.clear();
  return { outputs, head, unreadable, suppressed, doubts, unmatched: takeUnmatched(state) };
}

/** Once after a start, when the windows that are there were read. */
function takeUnmatched(state: AlertingState): UnmatchedRule[] {
  if (state.toldUnmatched || !state.backlogRead || state.windows.isEmpty()) return [];
  state.toldUnmatched = true;
  return [...state.rules.values()]
    .filter((rule) => !state.windows.hasOrigin(rule.matches))
    .map(({ name, origins }) => ({ rule: name, glob: origins }));
}

interface ReadWindow {
  /** Null for a tombstone, too. */
  readonly window: WindowRecord | null;
  readonly place: Place;
  readonly isUnreadable: boolean;
}

export function* windowsIn(
  records: readonly DecodedRecord[],
  partition: number,
  readWindow: WindowReader,
): Generator<ReadWindow> {
  for (const { offset, timestamp, key, value } of records) {
    const window = key === null || value === null ? null : readWindow(key, value);
    yield { window, place: { partition, offset, timestamp }, isUnreadable: window === null && value !== null };
  }
}

/** One entry per partition, for any number of unreadable records. */
export function noteUnreadable({ unreadable }: AlertingState, { partition, offset }: Place): void {
  const first = unreadable.get(partition) ?? { topic: 'windows', partition, offset, count: 0 };
  unreadable.set(partition, { ...first, count: first.count + 1 });
}

/** Adds a revision to the sums, and notes which windows of rules it breaches. */
export function foldWindow(state: AlertingState, record: WindowRecord, place: Place): void {
  state.now = Math.max(state.now, place.timestamp);
  state.backlog.noteWindow(place.timestamp);
  state.doubtedSince = null;
  state.undecided = true;
  const window = state.windows.put(record, place);
  if (window !== null) evaluateRevision(state, window);
}
