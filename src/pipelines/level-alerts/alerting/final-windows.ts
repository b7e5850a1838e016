import type { BatchInput, Job, RecordsInput } from '../../../stream/job';
import { recordsOf } from '../../../stream/read-input';
import { parseWindowRecord, type WindowReader } from '../counting/parse-window-record';
import { foldWindow, noteUnreadable, windowsIn } from './alerting';
import { decide, decideDue, evictIncidents } from './decide';
import type { AlertingState } from './state';

/**
 * The alerting job for input that has an end (`replay`, `local --once`). It keeps the last revision of each window until
 * the end, and then drives the same job over them in order of (start, origin): each window comes at the time when it ends,
 * as if its upload had come at once, and its origin holds nothing back (`replay-equals-live`).
 */
export function overFinalWindows(
  job: Job<AlertingState>,
  readWindow: WindowReader = parseWindowRecord,
): Job<AlertingState> {
  return {
    ...job,
    step: (state, input) => {
      switch (input.type) {
        case 'batch':
        case 'records':
          keep(state, input, readWindow);
          return;
        case 'tick':
          return;
        case 'end':
          foldInOrder(state);
          job.step(state, input);
          return;
        case 'lines':
          job.step(state, input);
      }
    },
  };
}

/** Puts windows where `restore` puts them, so that a run that is killed before the end finds them again. */
function keep(state: AlertingState, input: BatchInput | RecordsInput, readWindow: WindowReader): void {
  state.changed = true;
  for (const { window, place, isUnreadable } of windowsIn(recordsOf(input), input.partition, readWindow)) {
    if (isUnreadable) noteUnreadable(state, place);
    if (window !== null) state.windows.put(window, place);
  }
}

function foldInOrder(state: AlertingState): void {
  // Each window comes in time: there is no backlog.
  state.backlogRead = true;
  for (const { record, end, partition, offset } of state.windows.takeAll()) {
    if (end > state.now) {
      // Mails about earlier windows are decided only now, when those windows are summed over all origins.
      decide(state);
      decideDue(state, end - 1, 'all');
      // No mail is due at any other time before this window, so there is nothing to decide then.
      evictIncidents(state, end - 1);
      state.windows.evict(end - state.options.keepWindowsMs);
    }
    foldWindow(state, { ...record, idle: true }, { partition, offset, timestamp: end });
  }
}
