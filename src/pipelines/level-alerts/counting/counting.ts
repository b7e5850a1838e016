import type { Flushed, Job, Output } from '../../../stream/job';
import { lineBatchesOf } from '../../../stream/line-batches';
import { windowsTopic } from '../../../stream/topics';
import { decodeBatch } from '../../../records/record-batch';
import { countLines } from './count-lines';
import {
  advance,
  completeAll,
  emptyState,
  restoreWindow,
  type CountingOptions,
  type CountingState,
} from './counting-state';
import { decodeHead, encodeHead } from './head';
import { parseWindowRecord } from './parse-window-record';
import { fromRecord, toRecord, type Window } from './window';
import { windowKey } from './window-record';

export { countLines, type CountingOptions, type CountingState };

/**
 * The job that counts lines per window and origin: `logs` → `windows`, one partition (rules 1, 11-14).
 *
 * Update mode: whenever a line comes, it is counted in its window, and the window's whole new value is written; a
 * watermark only says how complete a window is. The window records are the state, the head holds the rest.
 */
export function createCounting(options: CountingOptions): Job<CountingState> {
  return {
    name: 'counting',
    // Another window or disorder needs no reset: windows of another length count as evicted.
    definition: 'counting',
    over: 'partition',
    inputs: [{ topic: 'logs', partitions: options.partitions }],
    outputs: [windowsTopic(options.partitions, options.keepWindowsMs)],
    stateTopics: ['windows'],
    flushIntervalMs: 2_000,
    open: (head) => (head === null ? emptyState(options) : decodeHead(head, options)),
    // Without a head nothing was folded yet: counting starts from the first line, and on top of no window.
    restoreRanges: ({ origins }) => (origins.size === 0 ? [] : [{ topic: 'windows', from: 0 }]),
    restore: (state, _range, batch, startOffset) => {
      for (const { key, value, timestamp } of decodeBatch(batch, startOffset)) {
        const record = key === null || value === null ? null : parseWindowRecord(key, value);
        if (record !== null) restoreWindow(state, fromRecord(record, timestamp));
      }
    },
    step: (state, input) => {
      switch (input.type) {
        case 'batch':
        case 'lines':
          for (const { batch, timestamp } of lineBatchesOf(input)) countLines(state, batch, timestamp);
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

/** Forgotten windows first: all others changed after them. */
function flush(state: CountingState, engine: string): Flushed {
  const outputs = [...state.leaving, ...state.changed].map((window) => outputOf(window, engine));
  const head = state.headChanged || outputs.length > 0 ? encodeHead(state) : null;
  state.leaving = [];
  state.changed.clear();
  state.headChanged = false;
  return { outputs, head };
}

/** A window's next revision. Its timestamp is the fold's `now` when it changed, so that it is forgotten on time after a restore. */
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
