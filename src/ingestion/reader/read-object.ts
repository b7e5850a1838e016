import type { Checkpoint, ContentEncoding } from '../checkpoint';
import { planRead, type SourceObject } from '../plan';
import { accept, asWhole, quarantined } from '../progress';
import { nextGeneration, restarted } from '../generations';
import { quarantineReasonFor, quarantineRecord } from '../quarantine';
import { beforeFirstByte, readAfterPrefix, readOpened, skipAll, startFirstRead } from './first-read';
import type { Fault, ReaderEvent, TraceAction } from './protocol';
import { added, atEnd, dropTail, flushed, scanned, tallied } from './scanned-lines';
import type { NewGeneration, ObjectReading, ObjectTurn, OpenPurpose, ReadingContext } from './state';
import {
  after,
  awaiting,
  objectRead,
  openFor,
  placeOf,
  publishCheckpoint,
  scan,
  scanWith,
  trace,
  unexpected,
} from './turn';
import { onReread, onVerified, rereadOpened, startVerification, type VerifiedTurn } from './verify-append';

/** One object, or one version of it: decisions by its metadata, then by its bytes. */

export function startObject(checkpoint: Checkpoint | null, object: SourceObject, context: ReadingContext): ObjectTurn {
  const plan = planRead(checkpoint, object);
  switch (plan.kind) {
    case 'nothing':
      return unchanged(plan.checkpoint, object, context);
    case 'first':
      return startFirstRead(null, object, context);
    case 'begin':
      return startFirstRead(plan.checkpoint, object, context);
    case 'continue': {
      const place = placeOf(plan.checkpoint, context, object, plan.checkpoint.position.size, object.size);
      const traced = trace({ decision: 'appended', reason: 'same-object' }, place);
      return after([traced], scan(plan.checkpoint, object, 'stored', context));
    }
    case 'prove':
      return startVerification(plan.checkpoint, object, context);
    case 'rewrite':
      return replace(plan.checkpoint, object, 'shorter');
  }
}

/** Reads an object from its first byte again, as a new generation. */
export function startReingest(checkpoint: Checkpoint, object: SourceObject, count: boolean): ObjectTurn {
  return openFor(checkpoint, object, { kind: 'newGeneration', reason: 'requested', count });
}

export function onObjectEvent(
  checkpoint: Checkpoint | null,
  reading: ObjectReading,
  event: ReaderEvent,
  context: ReadingContext,
): ObjectTurn {
  const { object, step } = reading;
  switch (step.name) {
    case 'opening':
      if (event.type !== 'opened') break;
      return onOpened(checkpoint, object, step.purpose, event.encoding, context);
    case 'readingEnd':
      if (event.type !== 'endRead') break;
      return skipAll(checkpoint, object, event, context);
    case 'digestingPrefix':
      if (event.type !== 'prefixDigested') break;
      return readAfterPrefix(step.start, object, event, context);
    case 'verifying':
      if (event.type !== 'verified' || checkpoint === null) break;
      return continueOrReplace(checkpoint, object, onVerified(checkpoint, object, step, event, context));
    case 'rereading':
      if (event.type !== 'verified' || checkpoint === null) break;
      return continueOrReplace(checkpoint, object, onReread(checkpoint, object, step, event, context));
    case 'flushing':
      if (checkpoint === null) break;
      if (event.type === 'scanned') return { ...flushed(checkpoint, event, context), reading };
      if (event.type !== 'tailFlushed') break;
      return startGeneration(checkpoint, object, step.encoding, step.purpose, context);
    case 'findingRepeats': {
      if (event.type !== 'repeatsFound' || checkpoint === null) break;
      const turn = scanWith(checkpoint, object, step, event.repeats);
      return event.missing === 0 ? turn : after([incomplete(checkpoint, object, event.missing, context)], turn);
    }
    case 'scanning':
      if (checkpoint === null) break;
      if (event.type === 'scanned') {
        const next = scanned(checkpoint, object, event, context);
        return { ...next, reading: { object, step: { ...step, tally: added(step.tally, event) } } };
      }
      if (event.type !== 'contentEnded') break;
      return after(tallied(checkpoint, reading, context), atEnd(checkpoint, object, event, context));
  }
  throw unexpected(event, step.name);
}

/** Records an object that cannot be read, once; the bytes read before stay. Null when the error is not about the object. */
export function quarantine(
  checkpoint: Checkpoint | null,
  object: SourceObject,
  error: Fault,
  context: ReadingContext,
): ObjectTurn | null {
  const reason = quarantineReasonFor(error);
  if (reason === null) return null;
  const before = checkpoint ?? beforeFirstByte(null, object, 'plain', context);
  if (before.quarantine?.etag === object.etag && before.quarantine.reason === reason) return objectRead(before);
  const next = quarantined(before, object, reason);
  const record = quarantineRecord(next.source, object, reason, error.detail);
  const place = placeOf(before, context, object, before.position.size, object.size);
  const { decision } = trace({ decision: 'quarantined', reason }, place);
  const traced: TraceAction = { type: 'trace', decision: { ...decision, detail: error.detail } };
  return objectRead(next, traced, { ...publishCheckpoint(before, next, false), quarantine: record });
}

/** Nothing is new except, perhaps, the version's name; or an unterminated line was held for too long. */
function unchanged(checkpoint: Checkpoint, object: SourceObject, context: ReadingContext): ObjectTurn {
  const { position, identity } = checkpoint;
  const place = placeOf(checkpoint, context, object, position.size, object.size);
  if (checkpoint.quarantine !== null) {
    return objectRead(checkpoint, trace({ decision: 'versionSkipped', reason: 'in-quarantine' }, place));
  }
  if (position.heldSince !== null && context.now - position.heldSince >= context.rules.forceFlushAfterMs) {
    return scan(checkpoint, object, 'stored', context, true);
  }
  if ((object.versionId ?? null) === identity.versionId) return objectRead(checkpoint);
  const next = asWhole(accept(checkpoint, object, identity.proof));
  return objectRead(
    next,
    trace({ decision: 'versionSkipped', reason: 'same-content' }, place),
    publishCheckpoint(next, next, false),
  );
}

function replace(checkpoint: Checkpoint, object: SourceObject, reason: NewGeneration['reason']): ObjectTurn {
  return openFor(checkpoint, object, { kind: 'newGeneration', reason, count: false });
}

/** The content that is still open was opened only for the comparison. */
function continueOrReplace(checkpoint: Checkpoint, object: SourceObject, verified: VerifiedTurn): ObjectTurn {
  if ('turn' in verified) return verified.turn;
  return after([{ type: 'close' }], replace(checkpoint, object, verified.differs));
}

function onOpened(
  checkpoint: Checkpoint | null,
  object: SourceObject,
  purpose: OpenPurpose,
  encoding: ContentEncoding,
  context: ReadingContext,
): ObjectTurn {
  if (purpose.kind === 'firstRead') {
    return readOpened(checkpoint, object, { encoding, skip: purpose.skip }, context);
  }
  if (checkpoint === null) throw unexpected({ type: 'opened', encoding }, 'reading a source for the first time');
  if (purpose.kind === 'reread') return rereadOpened(checkpoint, object, encoding);
  // Only now is it certain that the object can be read: one that cannot be read replaces nothing.
  const step = { name: 'flushing', encoding, purpose } as const;
  return awaiting(checkpoint, object, step, { type: 'flushTail', checkpoint });
}

function startGeneration(
  checkpoint: Checkpoint,
  object: SourceObject,
  encoding: ContentEncoding,
  { reason, count }: NewGeneration,
  context: ReadingContext,
): ObjectTurn {
  const last = dropTail(checkpoint, context);
  const next =
    reason === 'requested'
      ? restarted(last.checkpoint, object, encoding, { count })
      : nextGeneration(last.checkpoint, object, encoding);
  const place = placeOf(next, context, object, 0, object.size);
  const isGap = next.position.possibleGap > last.checkpoint.position.possibleGap;
  return after(
    [
      ...last.actions,
      trace({ decision: 'rewritten', reason }, place),
      ...(isGap ? [trace({ decision: 'possibleGap', reason: 'rewritten' }, place)] : []),
    ],
    scan(next, object, 'opened', context),
  );
}

function incomplete(
  checkpoint: Checkpoint,
  object: SourceObject,
  missing: number,
  context: ReadingContext,
): TraceAction {
  const place = placeOf(checkpoint, context, object, checkpoint.position.offset, object.size);
  return trace({ decision: 'sketchIncomplete', reason: 'blocks-missing' }, place, missing);
}
