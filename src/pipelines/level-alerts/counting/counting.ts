import type { Flushed, Job, Output, RestoredRange } from '../../../stream/job';
import { lineBatchesOf } from '../../../stream/line-batches';
import { countingStateTopic, windowsTopic } from '../../../stream/topics';
import { decodeBatch } from '../../../records/record-batch';
import { countLines } from './count-lines';
import { emptyState, type CountingOptions, type CountingState } from './counting-state';
import { decodeHead, encodeHead } from './head';
import { parseWindowRecord } from './parse-window-record';
import { restoreWindow } from './placement';
import { orderByArrival, restoreStateRecord, stateTopic, takeStateRecords } from './state-records';
import { advance, completeAll } from './timers';
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
    inputs: [{ topic: 'logs', partitions: options.partitions }],
    outputs: [windowsTopic(options.partitions, options.keepWindowsMs), countingStateTopic(options.partitions)],
    stateTopics: ['windows', stateTopic],
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
        case 'tick':
          advance(state, input.now);
          return;
        case 'end':
          completeAll(state);
          return;
      }
    },
    flush: (state) => flush(state, options.engine),
  };
}

function restore(state: CountingState, { topic }: RestoredRange, batch: Buffer, startOffset: number): void {
  for (const { key, value, timestamp } of decodeBatch(batch, startOffset)) {
    if (key === null) continue;
    if (topic === stateTopic) restoreStateRecord(state, key, value);
    else if (value !== null) {
      const record = parseWindowRecord(key, value);
      if (record !== null) restoreWindow(state, fromRecord(record, timestamp));
    }
  }
}

/** Evicted windows come first, because all others changed after them. */
function flush(state: CountingState, engine: string): Flushed {
  const { unwritten } = state;
  const windows = [...unwritten.evictedWindows, ...unwritten.windows].map((window) => outputOf(window, engine));
  const outputs = [...windows, ...takeStateRecords(state)];
  const head = unwritten.head || outputs.length > 0 ? encodeHead(state) : null;
  unwritten.evictedWindows = [];
  unwritten.windows.clear();
  unwritten.head = false;
  return { outputs, head };
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
