import type { ReingestRequest } from '../ingest/work-queue';
import { isRetried } from '../checkpoint';
import { quarantineReasonFor } from '../quarantine';
import { sourceId } from '../source-id';
import type { Fault, ReaderAction, ReaderEvent, ReaderRules } from './protocol';
import { quarantine } from './read-object';
import { tallied } from './scanned-lines';
import {
  contextOf,
  continueAfter,
  onDeletionChecked,
  onEndingEvent,
  onNewestChecked,
  onReadingEvent,
  onVersionChecked,
  onVersionsListed,
  type Decided,
} from './read-source';
import type { ReaderState } from './state';
import { unexpected } from './turn';

/**
 * The reader of one source. It decides which version is next, whether that continues the bytes read before and how this is
 * proven, which bytes are held, and when an object goes to quarantine. It starts with `started`, and each request action brings
 * the next event. An end action is the last, until `started` comes again: after any doubt reading starts over from the committed
 * checkpoint.
 */

/**
 * An object that changes during a read is read again at once, at most this often. After that, its next signal starts
 * another reading.
 */
const MAX_ATTEMPTS = 5;

/** @param source.topic the topic of its lines, if it was never read */
export function initialReader(
  { key, topic }: { readonly key: string; readonly topic: string },
  request: ReingestRequest | null,
  rules: ReaderRules,
): ReaderState {
  return {
    source: sourceId(rules.bucket, key),
    key,
    topic,
    rules,
    request,
    isReingest: false,
    attempts: 0,
    checkpoint: null,
    phase: { at: 'rest' },
  };
}

/** @param now epoch milliseconds */
export function decide(state: ReaderState, event: ReaderEvent, now: number): Decided {
  if (event.type === 'started') return start(state, event);
  if (event.type === 'failed') return onFailed(state, event, now);
  const { phase } = state;
  switch (phase.at) {
    case 'checkingNewest':
      if (event.type === 'checked') return onNewestChecked(state, event.object, now);
      break;
    case 'findingInListing':
      if (event.type === 'foundInListing') return onFoundInListing(state, event, phase.fault, now);
      break;
    case 'listingVersions':
      if (event.type === 'versionsListed') return onVersionsListed(state, phase.walk, event.versions, now);
      break;
    case 'checkingVersion':
      if (event.type === 'checked') return onVersionChecked(state, phase.walk, event.object, now);
      break;
    case 'checkingDeletion':
      if (event.type === 'checked') return onDeletionChecked(state, phase.walk, event.object, now);
      break;
    case 'readingObject':
      return onReadingEvent(state, phase, event, now);
    case 'endingSource':
      return onEndingEvent(state, event, now);
    case 'rest':
      break;
  }
  throw unexpected(event, phase.at);
}

function start(state: ReaderState, { checkpoint }: Extract<ReaderEvent, { type: 'started' }>): Decided {
  const quarantined = checkpoint?.quarantine ?? null;
  const isWithheld = quarantined !== null && isRetried(quarantined.reason);
  // A source never read cannot be reingested.
  const request = checkpoint === null || (isWithheld && checkpoint.position.size === 0) ? null : state.request;
  // An object that the store refused is read first: the new generation begins when the store delivers it.
  const isReingest = request !== null && !isWithheld;
  const begun = { count: request?.count ?? false, after: request?.after ?? checkpoint?.position.generation ?? null };
  return {
    state: {
      ...state,
      checkpoint,
      request: isReingest ? begun : request,
      isReingest,
      phase: { at: 'checkingNewest' },
    },
    actions: [{ type: 'close' }, { type: 'check', versionId: null }],
  };
}

function onFailed(state: ReaderState, error: Extract<ReaderEvent, { type: 'failed' }>, now: number): Decided {
  const { phase } = state;
  const context = contextOf(state, now);
  const traces = phase.at === 'readingObject' ? tallied(state.checkpoint, phase.reading, context) : [];
  const isAboutObject = quarantineReasonFor(error) !== null;
  if (phase.at === 'checkingNewest' && isAboutObject) {
    return {
      state: { ...state, phase: { at: 'findingInListing', fault: error } },
      actions: [{ type: 'findInListing' }],
    };
  }
  if (phase.at === 'readingObject') {
    const { walk, reading } = phase;
    const turn = quarantine(state.checkpoint, reading.object, error, context);
    if (turn !== null) return closing(traces, continueAfter(state, walk, reading.object, turn, now));
  }
  if (phase.at === 'checkingVersion') {
    const { walk, version } = phase;
    const turn = quarantine(state.checkpoint, version, error, context);
    if (turn !== null) return closing(traces, continueAfter(state, walk, version, turn, now));
  }
  const attempts = state.attempts + 1;
  const isChanged = error.code === 'OBJECT_CHANGED' || error.code === 'OBJECT_NOT_FOUND';
  return closing(traces, {
    state: { ...state, attempts, phase: { at: 'rest' } },
    actions: [
      isChanged && attempts < MAX_ATTEMPTS
        ? { type: 'lookUp' }
        : { type: 'fail', detail: error.detail, request: state.request },
    ],
  });
}

/** After a refused HEAD of the newest object: the listing names the object, or it does not exist. */
function onFoundInListing(
  state: ReaderState,
  { object }: Extract<ReaderEvent, { type: 'foundInListing' }>,
  fault: Fault,
  now: number,
): Decided {
  const turn = object === null ? null : quarantine(state.checkpoint, object, fault, contextOf(state, now));
  return object === null || turn === null
    ? onFailed(state, { ...fault, type: 'failed' }, now)
    : continueAfter(state, null, object, turn, now);
}

function closing(traces: readonly ReaderAction[], { state, actions }: Decided): Decided {
  return { state, actions: [{ type: 'close' }, ...traces, ...actions] };
}
