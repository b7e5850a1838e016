import { endedRecognition, isPoorlyUnderstood, mayBePoorlyUnderstood, type Recognition } from '../../lines/recognition';
import type { Checkpoint } from '../checkpoint';
import { isAfterGap, withReportedGap } from '../generations';
import type { SourceObject } from '../plan';
import { advance, atEndOfContent, withoutTail } from '../progress';
import type { PublishAction, ReaderAction, ReaderEvent, TraceAction } from './protocol';
import type { ObjectReading, ObjectTurn, ReadingContext, Tally } from './state';
import { objectRead, placeOf, publishCheckpoint, startOf, tallyFrom, trace } from './turn';

/** Scanned lines: how they are published, traced and held. */

/** A step with lines. */
export interface Published {
  readonly checkpoint: Checkpoint;
  readonly actions: readonly ReaderAction[];
}

/** The lines of a held tail that will not grow any more. */
export function flushed(
  checkpoint: Checkpoint,
  event: Extract<ReaderEvent, { type: 'scanned' }>,
  context: ReadingContext,
): Published {
  const { quarantine: known } = checkpoint;
  const next = scanned(checkpoint, null, event, context);
  const tally = added(tallyFrom(event.step.from, checkpoint), event);
  // A flush reads no bytes of the object, so it does not show that the object can be read.
  const actions = next.actions.map((action) =>
    action.type === 'publish' ? { ...action, checkpoint: { ...action.checkpoint, quarantine: known } } : action,
  );
  return {
    checkpoint: { ...next.checkpoint, quarantine: known },
    actions: [...actions, ...tracesOf(tally, next.checkpoint, null, context)],
  };
}

/** Drops the bytes of a long tail that the checkpoint does not hold. */
export function dropTail(checkpoint: Checkpoint, context: ReadingContext): Published {
  const next = withoutTail(checkpoint);
  if (next === checkpoint) return { checkpoint, actions: [] };
  const { offset, size } = checkpoint.position;
  const place = placeOf(checkpoint, context, null, offset, size);
  return {
    checkpoint: next,
    actions: [
      publishCheckpoint(checkpoint, next, true),
      trace({ decision: 'bytesDropped', reason: 'not-held' }, place, size - offset),
    ],
  };
}

/** Traces of the scan so far; none while the object is not scanned. */
export function tallied(
  checkpoint: Checkpoint | null,
  { object, step }: ObjectReading,
  context: ReadingContext,
): readonly TraceAction[] {
  return step.name === 'scanning' ? tracesOf(step.tally, checkpoint, object, context) : [];
}

/** Lines and the checkpoint after them. The first record after a possible gap is marked, once. */
export function scanned(
  before: Checkpoint,
  object: SourceObject | null,
  { step, range, lines }: Extract<ReaderEvent, { type: 'scanned' }>,
  context: ReadingContext,
): Published {
  const advanced = advance(before, step, range);
  const reportsGap = lines.count > 0 && isAfterGap(before, step);
  const checkpoint = reportsGap ? withReportedGap(advanced) : advanced;
  const publish: PublishAction = {
    type: 'publish',
    from: startOf(before),
    lines: lines.count === 0 ? 'none' : reportsGap ? 'afterGap' : 'batch',
    checkpoint,
    quarantine: null,
    more: true,
  };
  const place = placeOf(before, context, object, step.from, step.to);
  const cut = { head: lines.cutHead, tail: lines.cutTail, rest: lines.cutRest };
  const cuts = (['head', 'tail', 'rest'] as const)
    .filter((reason) => cut[reason] > 0)
    .map((reason) => trace({ decision: 'cut', reason }, place, cut[reason]));
  return { checkpoint, actions: [publish, ...cuts] };
}

/** The numbers of a scan after one more step. */
export function added(tally: Tally, { step, lines }: Extract<ReaderEvent, { type: 'scanned' }>): Tally {
  const repeatedLines = tally.repeatedLines + lines.repeated;
  const oldLines = tally.oldLines + lines.old;
  return { ...tally, repeatedLines, oldLines, droppedBytes: tally.droppedBytes + step.droppedBytes };
}

function tracesOf(
  { from, repeatedLines, oldLines, droppedBytes, recognition: before }: Tally,
  checkpoint: Checkpoint | null,
  object: SourceObject | null,
  context: ReadingContext,
): readonly TraceAction[] {
  const place = placeOf(checkpoint, context, object, from, checkpoint?.position.offset ?? from);
  const repeated = trace({ decision: 'repeatedLines', reason: 'read-before' }, place, repeatedLines);
  const old = trace({ decision: 'oldLinesCounted', reason: 'not-read-before' }, place, oldLines);
  const dropped = trace({ decision: 'bytesDropped', reason: 'in-no-line' }, place, droppedBytes);
  const recognition = checkpoint?.format.recognition ?? before;
  const unparsed = trace(
    { decision: 'linesNotUnderstood', reason: 'no-format' },
    place,
    recognition.unparsed - before.unparsed,
  );
  const doubtful = recognition.stray + recognition.distant - before.stray - before.distant;
  const stray = trace({ decision: 'linesDoubtful', reason: 'no-indent' }, place, doubtful);
  const loud = loudReason(recognition);
  const isNew = loud !== null && loudReason(before) === null;
  const warned = trace({ decision: 'sourceNotUnderstood', reason: loud ?? 'no-format' }, place, isNew ? 1 : 0);
  const detail = firstOf(endedRecognition(recognition), loud)?.text;
  return [
    repeated,
    old,
    dropped,
    unparsed,
    stray,
    detail === undefined ? warned : { ...warned, decision: { ...warned.decision, detail } },
  ].filter(({ decision }) => decision.amount > 0);
}

/** Fewer lines than this say little of a source. */
const LOUD_LINES = 20;

/** Why a warning names the source; null when it need not. */
function loudReason(recognition: Recognition): 'no-format' | 'no-indent' | null {
  if (recognition.lines < LOUD_LINES) return null;
  if (isPoorlyUnderstood(recognition)) return 'no-format';
  return mayBePoorlyUnderstood(endedRecognition(recognition)) ? 'no-indent' : null;
}

function firstOf({ first, firstStray }: Recognition, reason: ReturnType<typeof loudReason>): Recognition['first'] {
  return reason === 'no-indent' ? firstStray : (first ?? firstStray);
}

/** The end of the content: an unterminated last line is held. */
export function atEnd(
  before: Checkpoint,
  object: SourceObject,
  { range, tail }: Extract<ReaderEvent, { type: 'contentEnded' }>,
  context: ReadingContext,
): ObjectTurn {
  const checkpoint = atEndOfContent(before, object, { range, tail, now: context.now });
  const { offset, size } = checkpoint.position;
  const held = trace({ decision: 'held', reason: 'unterminated' }, placeOf(checkpoint, context, object, offset, size));
  return objectRead(checkpoint, publishCheckpoint(checkpoint, checkpoint, false), ...(offset < size ? [held] : []));
}
