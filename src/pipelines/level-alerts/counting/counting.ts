import { TelltaleError } from '../../../errors';
import type { Flushed, Job, JobResults, Output, RestoredRange } from '../../../stream/job';
import { lineBatchesOf } from '../../../stream/read-input';
import { countingStateTopic, windowsTopic } from '../topics';
import { decodeBatch, type DecodedRecord } from '../../../records/record-batch';
import { refuseUnreadable } from '../../../stream/continue-from';
import { countLines } from './count-lines';
import { emptyState, type CountingOptions, type CountingState } from './counting-state';
import { decodeHead, encodeHead } from './head';
import { parseWindowKey, parseWindowRecord } from './parse-window-record';
import { restoreWindow, takeBackWindow } from './placement';
import { orderByArrival, restoreStateRecord, stateTopic, takeStateRecords } from './state-records';
import { completeAll, tick } from './timers';
import { fromRecord, toRecord, type Window } from './window';
import { windowKey } from './window-record';

export { countLines, type CountingOptions, type CountingState };

/**
 * The job that counts lines per window and origin: `logs` → `windows`, one partition.
 *
 * Update mode: each line is counted in its window as soon as it comes, and the window's whole new value is written; a
 * watermark only says how complete a window is. Records are the state: its windows, and in `counting-state` its origins and
 * open errors. The head holds `now`.
 */
export function createCounting(options: CountingOptions): Job<CountingState> {
  return {
    name: 'counting',
    // Another window or disorder needs no reset: windows of another length count as evicted.
    definition: 'counting',
    over: 'partition',
    tellsProgress: true,
    inputs: [{ topic: 'logs', partitions: options.partitions }],
    outputs: [windowsTopic(options.partitions, options.keepWindowsMs), countingStateTopic(options.partitions)],
    stateTopics: ['windows', stateTopic],
    results: {
      noun: 'window',
      read: (topic, key, value) => (topic === 'windows' ? resultOf(key, value, options) : null),
    },
    flushIntervalMs: 2_000,
    open: (head) => (head === null ? emptyState(options) : decodeHead(head, options)),
    restoreRanges: (state) => state.restoreRanges,
    restore,
    step: (state, input) => {
      if (state.restoring) orderByArrival(state);
      state.restoring = false;
      switch (input.type) {
        case 'batch':
        case 'lines':
          for (const { batch, timestamp } of lineBatchesOf(input)) countLines(state, batch, timestamp);
          state.unwritten.head = true;
          return;
        case 'records':
          throw new TelltaleError('INTERNAL', 'Counting counts lines, not records of another job.');
        case 'tick':
          tick(state, input.now);
          return;
        case 'end':
          completeAll(state);
          return;
      }
    },
    flush: (state) => flush(state, options.engine),
  };
}

/** Null for a window of another length: the job would count its lines in other windows. */
function resultOf(key: Buffer, value: Buffer, { windowMs }: CountingOptions): ReturnType<JobResults['read']> {
  const record = parseWindowRecord(key, value);
  if (record === null) return null;
  const [from, to] = [Date.parse(record.windowStart), Date.parse(record.windowEnd)];
  return to - from === windowMs ? { from, to, amount: record.lines } : null;
}

/** @throws RESET_NEEDED when a record cannot be read: its lines would be counted in a window that begins at 0 */
function restore(state: CountingState, range: RestoredRange, batch: Buffer, startOffset: number): void {
  const { topic, partition } = range;
  const restoreRecord = topic === stateTopic ? restoreStateRecord : restoreWindowRecord;
  for (const record of decodeBatch(batch, startOffset)) {
    if (!restoreRecord(state, record)) refuseUnreadable('counting', { topic, partition, offset: record.offset });
  }
}

/** @returns false for a record that is not a window's */
function restoreWindowRecord(state: CountingState, { key, value, timestamp }: DecodedRecord): boolean {
  const place = key === null ? null : parseWindowKey(key);
  if (key === null || place === null) return false;
  if (value === null) {
    takeBackWindow(state, place);
    return true;
  }
  const record = parseWindowRecord(key, value);
  if (record !== null) restoreWindow(state, fromRecord(record, timestamp));
  return record !== null;
}

/** Evicted windows come first, because all others changed after them. */
function flush(state: CountingState, engine: string): Flushed {
  const { unwritten } = state;
  const windows = [...unwritten.evictedWindows, ...unwritten.windows].map((window) => outputOf(window, engine));
  const outputs = [...windows, ...takeStateRecords(state)];
  const head = unwritten.head || outputs.length > 0 ? encodeHead(state) : null;
  const { doubts } = state;
  state.doubts = [];
  unwritten.evictedWindows = [];
  unwritten.windows.clear();
  unwritten.head = false;
  return { outputs, head, doubts };
}

/** A window's next revision. Its timestamp is when it changed, so that it is evicted on time after a restore. */
function outputOf(window: Window, engine: string): Output {
  window.revision++;
  const record = toRecord(window, engine);
  return {
    topic: 'windows',
    key: Buffer.from(windowKey(record.origin, record.windowStart)),
    value: Buffer.from(JSON.stringify(record)),
    timestamp: window.changedAt,
  };
}
