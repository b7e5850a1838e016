import type { Checkpoint, ContentEncoding } from '../checkpoint';
import { isNamedCompressed } from '../../lines/encoding';
import { originOf } from '../origin';
import type { SourceObject } from '../plan';
import { asWhole } from '../progress';
import { firstCheckpoint, reopened } from '../generations';
import { skipped, skippedTo } from '../skipping';
import { bytesToSkip } from '../versions';
import type { ReaderEvent } from './protocol';
import type { ObjectTurn, ReadingContext } from './state';
import type { Reason } from './trace';
import { after, awaiting, objectRead, openFor, placeOf, publishCheckpoint, scan, trace } from './turn';

/** The first reading of a source, or what `since` skips of it. */

/** @param known a checkpoint that covers no byte, if there is one: the object could not be read, or was empty */
export function startFirstRead(known: Checkpoint | null, object: SourceObject, context: ReadingContext): ObjectTurn {
  const skip = bytesToSkip(known, object, context.rules.since);
  if (skip === null) {
    const place = placeOf(known, context, object, 0, object.size);
    return objectRead(known, trace({ decision: 'versionSkipped', reason: 'before-since' }, place));
  }
  if (skip === 'all') return awaiting(known, object, { name: 'readingEnd' }, { type: 'readEnd', object });
  return openFor(known, object, { kind: 'firstRead', skip });
}

/** The content is open from its first byte on. */
export function readOpened(
  known: Checkpoint | null,
  object: SourceObject,
  opened: { readonly encoding: ContentEncoding; readonly skip: number },
  context: ReadingContext,
): ObjectTurn {
  const { encoding, skip } = opened;
  const start = beforeFirstByte(known, object, encoding, context);
  // A listed size gives no position inside compressed content.
  if (skip === 0 || encoding !== 'plain') {
    const traced = firstReadOf('new', start, object, 0, context);
    const place = placeOf(start, context, object, 0, object.size);
    const misnamed =
      encoding === 'plain' && isNamedCompressed(context.key)
        ? [trace({ decision: 'notCompressed', reason: 'name' }, place)]
        : [];
    return after([traced, ...misnamed], scan(start, object, 'opened', context));
  }
  const step = { name: 'digestingPrefix', start } as const;
  return awaiting(known, object, step, { type: 'digestPrefix', checkpoint: start, size: skip });
}

/** The beginning, which was there at the first start, is skipped; the rest was appended since. */
export function readAfterPrefix(
  start: Checkpoint,
  object: SourceObject,
  { range, before }: Extract<ReaderEvent, { type: 'prefixDigested' }>,
  context: ReadingContext,
): ObjectTurn {
  const checkpoint = skippedTo(start, range, { before, now: context.now });
  const traced = firstReadOf('appended-since-listing', checkpoint, object, range.to, context);
  return after([traced, publishCheckpoint(start, checkpoint, true)], scan(checkpoint, object, 'stored', context));
}

/** All of the object is skipped. */
export function skipAll(
  known: Checkpoint | null,
  object: SourceObject,
  { encoding, end }: Extract<ReaderEvent, { type: 'endRead' }>,
  context: ReadingContext,
): ObjectTurn {
  const traced = (checkpoint: Checkpoint): ReturnType<typeof trace> =>
    firstReadOf('from-now-on', checkpoint, object, object.size, context);
  if (end === null) {
    // Only decompressing it shows where its content ends: its replacement is read from the start.
    const checkpoint = asWhole(beforeFirstByte(known, object, encoding, context));
    return objectRead(checkpoint, traced(checkpoint), publishCheckpoint(checkpoint, checkpoint, false));
  }
  const start = beforeFirstByte(known, object, 'plain', context);
  const checkpoint = skipped(start, object, { ...end, now: context.now });
  return objectRead(checkpoint, traced(checkpoint), publishCheckpoint(start, checkpoint, false));
}

/** Before the first byte of an object of which nothing was read. */
export function beforeFirstByte(
  known: Checkpoint | null,
  object: SourceObject,
  encoding: ContentEncoding,
  { source, key, topic, rules }: ReadingContext,
): Checkpoint {
  if (known !== null) return reopened(known, object, encoding);
  return firstCheckpoint(source, originOf(key, rules.originRule), object, encoding, topic);
}

function firstReadOf(
  reason: Extract<Reason, { decision: 'firstRead' }>['reason'],
  checkpoint: Checkpoint,
  object: SourceObject,
  from: number,
  context: ReadingContext,
): ReturnType<typeof trace> {
  return trace({ decision: 'firstRead', reason }, placeOf(checkpoint, context, object, from, object.size));
}
