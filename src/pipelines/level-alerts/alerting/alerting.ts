import { TelltaleError } from '../../../errors';
import { parseWindowRecord } from '../counting/parse-window-record';
import type { WindowRecord } from '../counting/window-record';
import type { Flushed, Job, JobInput, RestoredRange, RestoreRange } from '../../../stream/job';
import { outboxTopic } from '../../../stream/topics';
import { decodeBatch } from '../../../records/record-batch';
import { least } from './extremes';
import { KeptWindows, type Place } from './kept-windows';
import { checkRules, groupOf, ruleWindowStart } from './rules';
import { encodeState, openState, type AlertingOptions, type AlertingState } from './state';
import { dueAt, writeMails } from './write-mails';

export type { AlertingOptions, AlertingState } from './state';

/**
 * The job that folds windows into incidents and decides their mails: `windows`, all partitions, to `outbox`.
 *
 * A breach exists as soon as a revision passes a rule's threshold, and joins an incident in the order of arrival (record
 * timestamps); mails are decided in `flush`. So incidents do not depend on how the input was cut, nor on restarts: `restore`
 * takes windows up to the job's position only, and those after it are folded like new ones.
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
    inputs: [{ topic: 'windows', partitions: options.partitions }],
    outputs: [outboxTopic],
    // The outbox stays: it knows which mails were sent, so that they are not sent again.
    stateTopics: [],
    // Mails are decided when they are written.
    flushIntervalMs: 10_000,
    open: (head) => openState(options, rules, head),
    restoreRanges,
    restore,
    step,
    flush,
  };
}

/** Folds windows as if they had been read from partition 0, one record each, with this timestamp (epoch milliseconds). */
export function foldWindows(state: AlertingState, windows: readonly WindowRecord[], timestamp: number): void {
  windows.forEach((window, offset) => foldWindow(state, window, { partition: 0, offset, timestamp }));
}

/** The partitions of which windows are kept. */
function restoreRanges(state: AlertingState): readonly RestoreRange[] {
  return state.restoreFrom.flatMap((from, partition) => (from === null ? [] : [{ topic: 'windows', partition, from }]));
}

function restore(state: AlertingState, { partition, to }: RestoredRange, batch: Buffer, startOffset: number): void {
  for (const { window, place } of windowsIn(batch, partition, startOffset)) {
    if (window !== null && place.offset < to) state.windows.put(window, place);
  }
}

function step(state: AlertingState, input: JobInput): void {
  switch (input.type) {
    case 'batch':
      state.backlogRead = false;
      for (const { window, place } of windowsIn(input.batch, input.partition, input.startOffset)) {
        state.changed = true;
        if (window !== null) foldWindow(state, window, place);
      }
      return;
    case 'lines':
      throw new TelltaleError('INTERNAL', 'Alerting folds windows, not lines.');
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

function flush(state: AlertingState): Flushed {
  const live = state.options.decide === 'drained';
  if (live || state.ended) writeMails(state);
  if (live) forget(state);
  const { outputs } = state;
  const head = state.changed ? encodeState(state) : null;
  state.outputs = [];
  state.changed = false;
  return { outputs, head };
}

function forget(state: AlertingState): void {
  const changedBy = state.now - state.options.keepWindowsMs;
  state.windows.forget(changedBy);
  if (state.incidents.forget(changedBy)) state.changed = true;
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
  if (state.options.decide === 'atEnd') {
    state.windows.put(window, place);
    return;
  }
  state.now = Math.max(state.now, place.timestamp);
  evaluate(state, window, place);
}

/** Takes a revision into the sums, and notes what it breaches. */
function evaluate(state: AlertingState, record: WindowRecord, place: Place): void {
  const { options, windows, breaches } = state;
  const window = windows.put(record, place);
  if (window === null) return;
  for (const rule of windows.rulesOf(window.origin)) {
    const group = groupOf(rule, window.origin);
    const start = ruleWindowStart(rule, window.start);
    const key = JSON.stringify([rule.name, group, start]);
    if (breaches.has(key) || !windows.evaluate(rule, group, start).breached) continue;
    const arrivedAt = windows.changedAt(rule, group, start);
    const late = options.decide === 'drained' && arrivedAt - (start + rule.windowMs) > options.digestAfterMs;
    breaches.set(key, { rule, group, start, arrivedAt, late });
  }
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
      state.windows.forget(end - options.keepWindowsMs);
    }
    evaluate(state, record, { partition, offset, timestamp: end });
  }
}

/** Decides mails at each time at which one is due before `until`, in order. */
function runTimers(state: AlertingState, until: number): void {
  for (;;) {
    const due = least(state.incidents.open().map((incident) => dueAt(state, incident)));
    if (due >= until) return;
    state.now = Math.max(state.now, due);
    writeMails(state);
  }
}
