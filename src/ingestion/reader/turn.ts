import { TelltaleError } from '../../errors';
import type { Checkpoint } from '../checkpoint';
import type { Repeats } from '../../lines/repeats/repeat-finder';
import { mayRepeat } from '../../lines/reading-state';
import { resumptionOf, type SourceObject } from '../plan';
import type { ContentSource, PublishAction, ReaderAction, ReaderEvent, StepStart, TraceAction } from './protocol';
import type { ObjectStep, ObjectTurn, OpenPurpose, ReadingContext, Tally } from './state';
import type { Place, Reason } from './trace';

/** The turns and actions that several subjects share. */

/** Nothing is left to do about the object. */
export function objectRead(checkpoint: Checkpoint | null, ...actions: readonly ReaderAction[]): ObjectTurn {
  return { checkpoint, reading: null, actions };
}

/** Waits for the answer to the last of `actions`. */
export function awaiting(
  checkpoint: Checkpoint | null,
  object: SourceObject,
  step: ObjectStep,
  ...actions: readonly ReaderAction[]
): ObjectTurn {
  return { checkpoint, reading: { object, step }, actions };
}

/** The same turn, with more to do before. */
export function after(actions: readonly ReaderAction[], turn: ObjectTurn): ObjectTurn {
  return { ...turn, actions: [...actions, ...turn.actions] };
}

export function openFor(checkpoint: Checkpoint | null, object: SourceObject, purpose: OpenPurpose): ObjectTurn {
  return awaiting(checkpoint, object, { name: 'opening', purpose }, { type: 'open', object });
}

/** How the lines after a checkpoint are read. */
export interface Scan {
  readonly content: ContentSource;
  /** Publish an unterminated last line, too. */
  readonly flush: boolean;
}

/** Reads lines from the checkpoint on. Where they may have been read before, the repeats among them are found first. */
export function scan(
  checkpoint: Checkpoint,
  object: SourceObject,
  content: ContentSource,
  { rules }: Pick<ReadingContext, 'rules'>,
  flush = rules.forceFlushAfterMs === 0,
): ObjectTurn {
  if (!mayRepeat(checkpoint.format)) return scanWith(checkpoint, object, { content, flush }, null);
  const { encoding } = checkpoint.identity;
  const keep = encoding === 'plain' && object.size - resumptionOf(checkpoint).from <= rules.maxProofBytes;
  const step = { name: 'findingRepeats', content: keep ? 'opened' : 'stored', flush } as const;
  return awaiting(checkpoint, object, step, { type: 'findRepeats', checkpoint, object, content, flush, keep });
}

export function scanWith(
  checkpoint: Checkpoint,
  object: SourceObject,
  { content, flush }: Scan,
  repeats: Repeats | null,
): ObjectTurn {
  const tally = tallyFrom(checkpoint.position.offset, checkpoint);
  const step = { name: 'scanning', tally } as const;
  return awaiting(checkpoint, object, step, { type: 'scan', checkpoint, object, content, flush, repeats });
}

export function tallyFrom(from: number, { format: { recognition } }: Checkpoint): Tally {
  return { from, repeatedLines: 0, oldLines: 0, droppedBytes: 0, recognition };
}

/** A step without lines: only the checkpoint changes. */
export function publishCheckpoint(from: Checkpoint, checkpoint: Checkpoint, more: boolean): PublishAction {
  return { type: 'publish', from: startOf(from), lines: 'none', checkpoint, quarantine: null, more };
}

export function startOf({ position: { generation, offset } }: Checkpoint): StepStart {
  return { generation, offset };
}

export function trace(reason: Reason, place: Place, amount = 1): TraceAction {
  return { type: 'trace', decision: { ...reason, ...place, amount } };
}

/** The bytes [from, to) of an object, in the generation of the checkpoint. */
export function placeOf(
  checkpoint: Checkpoint | null,
  { source }: Pick<ReadingContext, 'source'>,
  object: SourceObject | null,
  from: number,
  to: number,
): Place {
  const versionId = object?.versionId ?? null;
  return { source, versionId, generation: checkpoint?.position.generation ?? 0, from, to };
}

export function unexpected(event: ReaderEvent, where: string): TelltaleError {
  return new TelltaleError('INTERNAL', `The reader received '${event.type}' while it was ${where}.`);
}
