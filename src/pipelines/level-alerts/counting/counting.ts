import type { Job, JobOutput, OutputRecord } from '../../../stream/job';
import { decodeLines } from '../../../lines/log-records';
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
    input: 'logs',
    output: 'windows',
    open: (head) => (head === null ? emptyState(options) : decodeHead(head, options)),
    // Without a head nothing was folded yet: counting starts from the first line, and on top of no window.
    recalls: ({ origins }) => (origins.size === 0 ? [] : [{ topic: 'windows', partition: options.partition, from: 0 }]),
    recall: (state, _from, batch, firstWanted) => {
      for (const { key, value, timestamp } of decodeBatch(batch, firstWanted)) {
        const record = key === null || value === null ? null : parseWindowRecord(key, value);
        if (record !== null) restoreWindow(state, fromRecord(record, timestamp));
      }
    },
    position: ({ offsets }, partition) => offsets.get(partition) ?? 0,
    step: (state, input) => {
      switch (input.type) {
        case 'batch':
          for (const { batch, timestamp, nextOffset } of decodeLines(input.batch, input.firstWanted)) {
            countLines(state, batch, timestamp);
            state.offsets.set(input.partition, nextOffset);
          }
          return;
        case 'tick':
          advance(state, input.now);
          return;
        case 'end':
          completeAll(state);
          return;
      }
    },
    drain: (state) => drain(state, options.engine),
  };
}

/** Forgotten windows first: all others changed after them. */
function drain(state: CountingState, engine: string): JobOutput {
  const outputs = [...state.leaving, ...state.changed].map((window) => outputOf(window, engine));
  const head = state.headChanged || outputs.length > 0 ? encodeHead(state) : null;
  state.leaving = [];
  state.changed.clear();
  state.headChanged = false;
  return { outputs, head };
}

/** A window's next revision. Its timestamp is the fold's `now` when it changed, so that it is forgotten on time after a restore. */
function outputOf(window: Window, engine: string): OutputRecord {
  window.revision++;
  const record = toRecord(window, engine);
  return {
    key: Buffer.from(windowKey(record.origin, record.windowStart)),
    value: Buffer.from(JSON.stringify(record)),
    timestamp: window.changedAt,
  };
}
