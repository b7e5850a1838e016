import { isRetried, type Checkpoint } from '../checkpoint';
import { UNVERSIONED, type SourceObject } from '../plan';
import { ended } from '../progress';
import { withPossibleGap } from '../generations';
import { checkedLast, versionsToRead } from '../versions';
import type { ListedVersion, ReaderAction, ReaderEvent } from './protocol';
import { dropTail, flushed } from './scanned-lines';
import { onObjectEvent, startObject, startReingest } from './read-object';
import type { ObjectTurn, Phase, ReaderState, ReadingContext, Walk } from './state';
import type { Reason } from './trace';
import { placeOf, publishCheckpoint, trace, unexpected } from './turn';

/**
 * The new content of a source: with versions, each version that was put since the last check, oldest first; without, the object
 * as it is. A deleted object ends its source.
 */

export interface Decided {
  readonly state: ReaderState;
  readonly actions: readonly ReaderAction[];
}

/** The newest object was checked; null when there is none. */
export function onNewestChecked(state: ReaderState, newest: SourceObject | null, now: number): Decided {
  const { checkpoint, request } = state;
  const startsGeneration =
    newest !== null &&
    state.isReingest &&
    checkpoint !== null &&
    request !== null &&
    checkpoint.position.generation <= (request.after ?? checkpoint.position.generation);
  const walk: Walk = { newest, versions: [], listedAfter: undefined, thenReingest: startsGeneration };
  // Versions that were not read yet come first: a new generation of the newest would skip them.
  if (newest === null || mayHaveUnreadVersions(newest, checkpoint)) return listVersions(state, walk, now);
  return startsGeneration ? sourceRead(state, walk, now) : readObject(state, null, newest, now);
}

export function onVersionsListed(state: ReaderState, walk: Walk, kept: readonly ListedVersion[], now: number): Decided {
  const { newest } = walk;
  const { versions, possibleGap } = versionsToRead(state.checkpoint, kept, state.rules.since);
  const isGap = possibleGap && (newest !== null || versions.length > 0);
  const skipped = state.checkpoint === null ? kept.length - versions.length : 0;
  const noted = isGap ? noteGap(state) : { state, actions: [] };
  const listed = { ...walk, versions };
  const next =
    versions.length === 0 && newest !== null
      ? readObject(noted.state, listed, newest, now)
      : nextVersion(noted.state, listed, now);
  return after([...noted.actions, ...skippedVersions(state, skipped)], next);
}

/** A version of the walk was checked; null when it was removed since it was listed. */
export function onVersionChecked(state: ReaderState, walk: Walk, object: SourceObject | null, now: number): Decided {
  if (object !== null) return readObject(state, walk, object, now);
  const noted = noteGap(state);
  const place = placeOf(state.checkpoint, state, null, 0, 0);
  const skipped = trace({ decision: 'versionSkipped', reason: 'gone' }, place);
  return after([skipped, ...noted.actions], nextVersion(noted.state, walk, now));
}

/** The object was deleted when the walk began. If it was put again since, its own signal makes it be read. */
export function onDeletionChecked(state: ReaderState, walk: Walk, object: SourceObject | null, now: number): Decided {
  return object === null ? listVersions(state, walk, now) : sourceRead(state, walk, now);
}

/** An event about the object that is being read. */
export function onReadingEvent(
  state: ReaderState,
  { walk, reading }: Extract<Phase, { at: 'readingObject' }>,
  event: ReaderEvent,
  now: number,
): Decided {
  const turn = onObjectEvent(state.checkpoint, reading, event, contextOf(state, now));
  return continueAfter(state, walk, reading.object, turn, now);
}

/** The held, unterminated line of a deleted object is being published. */
export function onEndingEvent(state: ReaderState, event: ReaderEvent, now: number): Decided {
  const { checkpoint } = state;
  if (checkpoint === null) throw unexpected(event, 'ending a source');
  if (event.type === 'scanned') {
    const next = flushed(checkpoint, event, contextOf(state, now));
    return { state: { ...state, checkpoint: next.checkpoint }, actions: next.actions };
  }
  if (event.type !== 'tailFlushed') throw unexpected(event, 'ending a source');
  const last = dropTail(checkpoint, contextOf(state, now));
  const end = ended(last.checkpoint, now);
  const published = [...last.actions, publishCheckpoint(last.checkpoint, end, false)];
  return after(published, finish({ ...state, checkpoint: end }));
}

/** Continues with the walk when the object is read. */
export function continueAfter(
  state: ReaderState,
  walk: Walk | null,
  object: SourceObject,
  { checkpoint, reading, actions }: ObjectTurn,
  now: number,
): Decided {
  const next = { ...state, checkpoint };
  if (reading !== null) return { state: { ...next, phase: { at: 'readingObject', walk, reading } }, actions };
  // Versions are read in order. Those after a denied one wait until the permission is there; an archived one may stay so.
  if (walk === null || checkpoint?.quarantine?.reason === 'denied') return after(actions, finish(next));
  return after(actions, nextVersion(next, walk, now));
}

/** The request is fulfilled, unless the store did not give the object. */
export function finish(state: ReaderState): Decided {
  const { checkpoint, isReingest, request } = state;
  const quarantine = checkpoint?.quarantine ?? null;
  const isDone = isReingest && (quarantine === null || !isRetried(quarantine.reason));
  return {
    state: { ...state, phase: { at: 'rest' } },
    actions: [{ type: 'finish', checkpoint, request: isDone ? null : request }],
  };
}

export function contextOf({ source, key, topic, rules, attempts }: ReaderState, now: number): ReadingContext {
  return { source, key, topic, rules, singlePass: attempts >= SINGLE_PASS_FROM, now };
}

/** From this attempt on the object is read once. */
const SINGLE_PASS_FROM = 2;

function readObject(state: ReaderState, walk: Walk | null, object: SourceObject, now: number): Decided {
  return continueAfter(state, walk, object, startObject(state.checkpoint, object, contextOf(state, now)), now);
}

function listVersions(state: ReaderState, walk: Walk, now: number): Decided {
  const listedAfter = checkedLast(state.checkpoint)?.versionId;
  const next = { ...walk, versions: [], listedAfter };
  // A source that ended without versions has none.
  if (walk.newest === null && listedAfter === null) return nextVersion(state, next, now);
  const from = listedAfter === null ? UNVERSIONED : (listedAfter ?? null);
  return {
    state: { ...state, phase: { at: 'listingVersions', walk: next } },
    actions: [{ type: 'listVersions', from }],
  };
}

function nextVersion(state: ReaderState, walk: Walk, now: number): Decided {
  const [version, ...versions] = walk.versions;
  if (version === undefined) return versionsRead(state, walk, now);
  const rest = { ...walk, versions };
  const { newest } = walk;
  if (version.versionId === newest?.versionId) return readObject(state, rest, newest, now);
  return {
    state: { ...state, phase: { at: 'checkingVersion', walk: rest, version } },
    actions: [{ type: 'check', versionId: version.versionId }],
  };
}

/** A deletion ends a source after all that was put before it, even if that came after the versions were listed. */
function versionsRead(state: ReaderState, walk: Walk, now: number): Decided {
  const { checkpoint } = state;
  if (walk.newest !== null || checkpoint === null) return sourceRead(state, walk, now);
  if (checkedLast(checkpoint)?.versionId !== walk.listedAfter) {
    return {
      state: { ...state, phase: { at: 'checkingDeletion', walk } },
      actions: [{ type: 'check', versionId: null }],
    };
  }
  if (checkpoint.ended !== null) return finish(state);
  return { state: { ...state, phase: { at: 'endingSource' } }, actions: [{ type: 'flushTail', checkpoint }] };
}

/** All versions are read. If a new generation was requested, it begins now. */
function sourceRead(state: ReaderState, { newest, thenReingest }: Walk, now: number): Decided {
  const { checkpoint, request } = state;
  if (!thenReingest || newest === null || checkpoint === null || request === null) return finish(state);
  const begun = { ...state, request: { ...request, after: checkpoint.position.generation } };
  return continueAfter(begun, null, newest, startReingest(checkpoint, newest, request.count), now);
}

/** True when there may be other versions between the one read last and this one. */
function mayHaveUnreadVersions({ versionId }: SourceObject, checkpoint: Checkpoint | null): boolean {
  return versionId !== undefined && versionId !== checkedLast(checkpoint)?.versionId;
}

/** A version was removed before it was read. */
function noteGap(state: ReaderState): Decided {
  const { checkpoint } = state;
  if (checkpoint === null) return { state, actions: [] };
  const next = withPossibleGap(checkpoint);
  const { size } = checkpoint.position;
  return {
    state: { ...state, checkpoint: next },
    actions: [
      publishCheckpoint(checkpoint, next, true),
      trace({ decision: 'possibleGap', reason: 'version-gone' }, placeOf(checkpoint, state, null, size, size)),
    ],
  };
}

function skippedVersions(state: ReaderState, count: number): readonly ReaderAction[] {
  const reason: Reason = { decision: 'versionSkipped', reason: 'before-since' };
  return count === 0 ? [] : [trace(reason, placeOf(state.checkpoint, state, null, 0, 0), count)];
}

function after(actions: readonly ReaderAction[], decided: Decided): Decided {
  return { ...decided, actions: [...actions, ...decided.actions] };
}
