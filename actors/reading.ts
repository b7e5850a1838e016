import { peek, sniff, SNIFF_BYTES } from '../src/domain/lines/encoding';
import type { LineBatch } from '../src/domain/lines/line-batch';
import {
  createScanner,
  fileDayOf,
  type ScanContext,
  type ScannedBatch,
  type ScanOptions,
} from '../src/domain/lines/scanner';
import type { Checkpoint } from '../src/domain/sources/checkpoint';
import { WINDOW_BYTES, type Extent, type Hashing } from '../src/domain/sources/content';
import { originOf, type OriginRule } from '../src/domain/sources/origin';
import { planRead, resumptionOf } from '../src/domain/sources/plan';
import * as progress from '../src/domain/sources/progress';
import { quarantineReasonOf, quarantineRecord, type QuarantineRecord } from '../src/domain/sources/quarantine';
import { createTrail } from '../src/domain/sources/trail';
import type { Since } from '../src/domain/sources/versions';
import { sourceId } from '../src/domain/topics';
import type { TelltaleError } from '../src/errors';
import type { Clock } from '../src/ports/clock';
import type { ObjectInfo } from '../src/ports/object-store';
import { close, contentFrom, isUtf16, openContent, storedBytes, type Content, type ContentOptions } from './content';
import { prove, type ProvingOptions } from './proving';

/** How sources are read: the same for all of them. */
export interface ReadingOptions extends ContentOptions, ProvingOptions {
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly since: Since;
  readonly originRule: OriginRule;
  readonly scan: (key: string) => ScanOptions;
  /** How long an unterminated line is held. 0 publishes it at once: nothing will follow (`local --once`). */
  readonly tailTimeoutMs: number;
}

/** Lines, and the checkpoint behind them: published together. */
export interface Step {
  /** Null when only the checkpoint moves on. */
  readonly batch: LineBatch | null;
  readonly from: { readonly generation: number; readonly offset: number };
  readonly checkpoint: Checkpoint;
  /** The object cannot be read, and why. */
  readonly quarantine?: QuarantineRecord;
  /** False for the last step of a reading. */
  readonly more: boolean;
}

type Steps = AsyncGenerator<Step | null, Checkpoint, undefined>;

/**
 * Reads what is new of one object, or of one version, one step at a time, as fast as steps are asked for. Null is no step
 * yet: bytes were read, ask again. Nothing is handed out before it is proven that the object goes on from what was read
 * before. One that cannot be read goes to quarantine.
 *
 * @param committed what the event log knows of the source
 * @returns the checkpoint behind all that could be read; null when there is none
 * @throws OBJECT_CHANGED, OBJECT_NOT_FOUND, OBJECT_STORE as the store's `read`; every step so far stands
 */
export async function* readObject(
  committed: Checkpoint | null,
  object: ObjectInfo,
  options: ReadingOptions,
): AsyncGenerator<Step | null, Checkpoint | null, undefined> {
  return yield* withQuarantine(committed, object, options, planned(committed, object, options));
}

/**
 * Reads an object from its first byte once more, as a new generation.
 * @param count count lines that were read before once more
 */
export async function* rereadObject(
  committed: Checkpoint,
  object: ObjectInfo,
  count: boolean,
  options: ReadingOptions,
): AsyncGenerator<Step | null, Checkpoint | null, undefined> {
  const begin = (last: Checkpoint, { encoding }: Content): Checkpoint =>
    progress.restarted(last, object, encoding, { count });
  return yield* withQuarantine(committed, object, options, fromStart(committed, object, begin, options));
}

/** An object that may not even be looked at goes to quarantine. */
export async function* refuseObject(
  committed: Checkpoint | null,
  object: ObjectInfo,
  denied: TelltaleError,
  options: ReadingOptions,
): AsyncGenerator<Step | null, Checkpoint | null, undefined> {
  return yield* withQuarantine(committed, object, options, failing(denied));
}

// eslint-disable-next-line @typescript-eslint/require-await, require-yield -- a reading like the others
async function* failing(error: TelltaleError): AsyncGenerator<null, never, undefined> {
  throw error;
}

/** The object was deleted: its source ends, and what is held of it will never be terminated. */
export function* endSource(committed: Checkpoint, options: ReadingOptions): Generator<Step, Checkpoint, undefined> {
  if (committed.ended !== null) return committed;
  const last = yield* closeTail(committed, options);
  const checkpoint = progress.ended(last, options.clock.now());
  yield { batch: null, from: positionOf(last), checkpoint, more: false };
  return checkpoint;
}

async function* planned(
  committed: Checkpoint | null,
  object: ObjectInfo,
  options: ReadingOptions,
): AsyncGenerator<Step | null, Checkpoint | null, undefined> {
  const plan = planRead(committed, object);
  switch (plan.kind) {
    case 'nothing':
      return yield* notRead(plan.checkpoint, object, options);
    case 'first':
      return yield* readFirst(null, object, options);
    case 'begin':
      return yield* readFirst(plan.checkpoint, object, options);
    case 'continue':
      return yield* readOn(plan.checkpoint, object, rest(plan.checkpoint, object, options), options);
    case 'prove': {
      const proven = yield* prove(plan.checkpoint, object, options);
      if (proven === null) return yield* replaced(plan.checkpoint, object, options);
      return yield* readOn(proven.checkpoint, object, proven.chunks, options);
    }
    case 'rewrite':
      return yield* replaced(plan.checkpoint, object, options);
  }
}

/** Nothing is new but, perhaps, the version's name; or the tail has waited for its terminator for too long. */
async function* notRead(checkpoint: Checkpoint, object: ObjectInfo, options: ReadingOptions): Steps {
  const { heldSince, quarantine, proof } = checkpoint;
  if (quarantine !== null) return checkpoint;
  if (heldSince !== null && options.clock.now() - heldSince >= options.tailTimeoutMs) {
    return yield* readOn(checkpoint, object, rest(checkpoint, object, options), { ...options, tailTimeoutMs: 0 });
  }
  if ((object.versionId ?? null) === checkpoint.versionId) return checkpoint;
  const renamed = { ...progress.accept(checkpoint, object, proof), whole: true };
  yield { batch: null, from: positionOf(renamed), checkpoint: renamed, more: false };
  return renamed;
}

/** @param known a checkpoint that speaks of no byte: the object could not be read, or was empty */
async function* readFirst(
  known: Checkpoint | null,
  object: ObjectInfo,
  options: ReadingOptions,
): AsyncGenerator<Step | null, Checkpoint | null, undefined> {
  const begin = (encoding: Content['encoding']): Checkpoint =>
    known === null ? firstOf(object, encoding, options) : progress.reopened(known, object, encoding);
  if (object.lastModified >= options.since.ms) {
    const { encoding, chunks } = yield* openContent(object, options);
    return yield* readOn(begin(encoding), object, chunks, options);
  }
  if (options.since.older === 'ignored') return known;

  const { head, chunks } = await peek(storedBytes(object, 0, options), SNIFF_BYTES);
  await close(chunks);
  const sniffed = sniff(head);
  if (sniffed === 'utf-16') throw isUtf16(object);
  if (sniffed === 'gzip') {
    // Where its content ends is not known without reading it: what replaces it is read from its start.
    const checkpoint = { ...begin('gzip'), whole: true };
    yield { batch: null, from: positionOf(checkpoint), checkpoint, more: false };
    return checkpoint;
  }
  const last: Buffer[] = [];
  for await (const chunk of storedBytes(object, Math.max(0, object.size - WINDOW_BYTES), options)) last.push(chunk);
  const before = Buffer.concat(last);
  const fingerprint = options.hashing.sha256(before);
  const start = begin('plain');
  const checkpoint = progress.skipped(start, object, { before, fingerprint, now: options.clock.now() });
  yield { batch: null, from: positionOf(start), checkpoint, more: false };
  return checkpoint;
}

/** The content was replaced: from its first byte on. */
function replaced(checkpoint: Checkpoint, object: ObjectInfo, options: ReadingOptions): Steps {
  const begin = (last: Checkpoint, { encoding }: Content): Checkpoint =>
    progress.nextGeneration(last, object, encoding);
  return fromStart(checkpoint, object, begin, options);
}

/** Opens the object before anything is said to have ended: one that cannot be read replaces nothing. */
async function* fromStart(
  checkpoint: Checkpoint,
  object: ObjectInfo,
  begin: (last: Checkpoint, content: Content) => Checkpoint,
  options: ReadingOptions,
): Steps {
  const content = yield* openContent(object, options);
  try {
    const last = yield* closeTail(checkpoint, options);
    return yield* readOn(begin(last, content), object, content.chunks, options);
  } finally {
    await close(content.chunks);
  }
}

/** What is held of a generation that is over will never be terminated: it is published as it is. */
function* closeTail(checkpoint: Checkpoint, options: ReadingOptions): Generator<Step, Checkpoint, undefined> {
  const { offset, size, held, fingerprint, reading } = checkpoint;
  const tail = { offset, held: Buffer.from(held, 'base64'), reading };
  const scanner = createScanner(contextOf(checkpoint, options), tail);
  const nothingRead: Extent = { from: size, to: size, crc64: 0n, crc32: null, fingerprint };
  let last = checkpoint;
  for (const scanned of scanner.finish()) {
    // Of an object that cannot be read this says nothing.
    const after = { ...progress.advance(last, scanned, nothingRead), quarantine: last.quarantine };
    yield step(last, scanned, after);
    last = after;
  }
  const closed = progress.withoutTail(last);
  if (closed !== last) yield { batch: null, from: positionOf(last), checkpoint: closed, more: true };
  return closed;
}

/** Reads from a checkpoint to the end of the object. */
async function* readOn(
  start: Checkpoint,
  object: ObjectInfo,
  chunks: AsyncIterable<Buffer>,
  options: ReadingOptions,
): Steps {
  const scanner = createScanner(contextOf(start, options), { ...resumptionOf(start), reading: start.reading });
  const trail = createTrail(start, options.hashing);
  let checkpoint = start;
  const moveOn = (scanned: ScannedBatch): Step => {
    const before = checkpoint;
    checkpoint = progress.advance(before, scanned, trail.measure(scanned.to));
    return step(before, scanned, checkpoint);
  };
  for await (const chunk of chunks) {
    for (const scanned of scanner.push(trail.push(chunk))) yield moveOn(scanned);
    yield null;
  }
  if (options.tailTimeoutMs === 0) for (const scanned of scanner.finish()) yield moveOn(scanned);

  const { held, reading } = scanner.state();
  const end = progress.finished(checkpoint, object, {
    extent: trail.measure(start.encoding === 'plain' ? object.size : trail.position),
    tail: { held: held.subarray(0, WINDOW_BYTES), reading },
    now: options.clock.now(),
  });
  yield { batch: null, from: positionOf(end), checkpoint: end, more: false };
  return end;
}

/** Passes steps on. An object that cannot be read gets its record once: what was read before stands. */
async function* withQuarantine(
  committed: Checkpoint | null,
  object: ObjectInfo,
  options: ReadingOptions,
  steps: AsyncGenerator<Step | null, Checkpoint | null, undefined>,
): AsyncGenerator<Step | null, Checkpoint | null, undefined> {
  let last = committed;
  try {
    for (;;) {
      const { value, done } = await steps.next();
      if (done === true) return value;
      last = value?.checkpoint ?? last;
      yield value;
    }
  } catch (error) {
    const reason = quarantineReasonOf(error);
    if (reason === null) throw error;
    const before = last ?? firstOf(object, 'plain', options);
    if (before.quarantine?.etag === object.etag && before.quarantine.reason === reason) return before;
    const checkpoint = progress.quarantined(before, object, reason);
    const quarantine = quarantineRecord(checkpoint.source, object, reason, error);
    yield { batch: null, from: positionOf(before), checkpoint, quarantine, more: false };
    return checkpoint;
  } finally {
    await steps.return(null);
  }
}

function firstOf(
  object: ObjectInfo,
  encoding: Content['encoding'],
  { bucket, originRule }: ReadingOptions,
): Checkpoint {
  const origin = originOf(object.key, originRule);
  return progress.firstCheckpoint(sourceId(bucket, object.key), origin, object, encoding);
}

/** What is left to read of the object that was read last. */
function rest(checkpoint: Checkpoint, object: ObjectInfo, options: ReadingOptions): AsyncIterable<Buffer> {
  return contentFrom(object, resumptionOf(checkpoint).from, checkpoint.encoding, options);
}

function step(before: Checkpoint, scanned: ScannedBatch, after: Checkpoint): Step {
  const batch = scanned.batch.count > 0 ? scanned.batch : null;
  return { batch, from: positionOf(before), checkpoint: after, more: true };
}

function positionOf({ generation, offset }: Checkpoint): Step['from'] {
  return { generation, offset };
}

function contextOf(checkpoint: Checkpoint, { bucket, scan }: ReadingOptions): ScanContext {
  const { source, origin, generation, lastModified } = checkpoint;
  const key = source.slice(bucket.length + 1);
  return { ...scan(key), source, origin, generation, lastModified, fileDay: fileDayOf(source) };
}
