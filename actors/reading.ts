import type { LineBatch } from '../src/domain/lines/line-batch';
import { createScanner, fileDayOf, type ScanContext, type ScannedBatch } from '../src/domain/lines/scanner';
import type { Checkpoint } from '../src/domain/sources/checkpoint';
import { WINDOW_BYTES, type Extent, type Hashing } from '../src/domain/sources/content';
import { originOf, type OriginRule } from '../src/domain/sources/origin';
import { planRead, resumptionOf } from '../src/domain/sources/plan';
import { accept, advance, finished, firstCheckpoint, nextGeneration } from '../src/domain/sources/progress';
import { createProof } from '../src/domain/sources/proof';
import { createTrail } from '../src/domain/sources/trail';
import { sourceId } from '../src/domain/topics';
import type { Clock } from '../src/ports/clock';
import type { ObjectInfo, ObjectStore } from '../src/ports/object-store';

/** How sources are read: the same for all of them. */
export interface ReadingOptions {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly clock: Clock;
  readonly hashing: Hashing;
  /** Objects that were never read count when they were modified at this time (epoch milliseconds) or later. */
  readonly sinceMs: number;
  readonly originRule: OriginRule;
  readonly scan: Pick<ScanContext, 'zone' | 'maxFutureSkew' | 'maxLineBytes' | 'batchBytes'>;
  /** A suffix of at most this many bytes is kept while it is proven; a larger one is read twice. */
  readonly maxProofBytes: number;
  /** How long an unterminated line is held. 0 publishes it at once: nothing will follow (`local --once`). */
  readonly tailTimeoutMs: number;
}

/** Lines, and the checkpoint behind them: published together. */
export interface Step {
  /** Null when only the checkpoint moves on. */
  readonly batch: LineBatch | null;
  readonly from: { readonly generation: number; readonly offset: number };
  readonly checkpoint: Checkpoint;
  /** False for the last step of a reading. */
  readonly more: boolean;
}

/**
 * Reads what is new of an object, one step at a time, as fast as steps are asked for. Null is no step yet: bytes were
 * read, ask again. Nothing is handed out before it is proven that the object goes on from what was read before.
 *
 * @param committed what the event log knows of the source
 * @throws OBJECT_CHANGED, OBJECT_NOT_FOUND, OBJECT_STORE as the store's `read`; every step so far stands
 */
export async function* readSteps(
  committed: Checkpoint | null,
  object: ObjectInfo,
  options: ReadingOptions,
): AsyncGenerator<Step | null, void, undefined> {
  const plan = planRead(committed, object);
  switch (plan.kind) {
    case 'nothing':
      if (isTailDue(plan.checkpoint, options)) {
        yield* readOn(plan.checkpoint, object, null, { ...options, tailTimeoutMs: 0 });
      }
      return;
    case 'first': {
      if (object.lastModified < options.sinceMs) return;
      const source = sourceId(options.bucket, object.key);
      yield* readOn(firstCheckpoint(source, originOf(object.key, options.originRule), object), object, null, options);
      return;
    }
    case 'continue':
      yield* readOn(plan.checkpoint, object, null, options);
      return;
    case 'prove': {
      const proven = yield* prove(plan.checkpoint, object, options);
      if (proven === null) yield* rewritten(plan.checkpoint, object, options);
      else yield* readOn(proven.checkpoint, object, proven.kept, options);
      return;
    }
    case 'rewrite':
      yield* rewritten(plan.checkpoint, object, options);
      return;
  }
}

/** Reads the suffix for its checksum alone. Null when the object does not begin with what was read. */
async function* prove(
  checkpoint: Checkpoint,
  object: ObjectInfo,
  options: ReadingOptions,
): AsyncGenerator<null, { checkpoint: Checkpoint; kept: readonly Buffer[] | null } | null, undefined> {
  const proof = createProof(checkpoint, options.hashing);
  const kept: Buffer[] | null = object.size - checkpoint.size <= options.maxProofBytes ? [] : null;
  for await (const chunk of chunksOf(object, resumptionOf(checkpoint).from, options)) {
    proof.push(chunk);
    kept?.push(chunk);
    yield null;
  }
  const { outcome } = proof.judge(object);
  return outcome === 'disproved' ? null : { checkpoint: accept(checkpoint, object, outcome), kept };
}

/** Has the source's last line waited for its terminator for too long? */
function isTailDue({ heldSince }: Checkpoint, { clock, tailTimeoutMs }: ReadingOptions): boolean {
  return heldSince !== null && clock.now() - heldSince >= tailTimeoutMs;
}

/** The content was replaced: what is held of the generation before will never be terminated; then from byte 0. */
async function* rewritten(
  checkpoint: Checkpoint,
  object: ObjectInfo,
  options: ReadingOptions,
): AsyncGenerator<Step | null, void, undefined> {
  const { size, fingerprint, reading } = checkpoint;
  const scanner = createScanner(contextOf(checkpoint, options), { ...resumptionOf(checkpoint), reading });
  const nothingRead: Extent = { from: size, to: size, crc64: 0n, fingerprint };
  let last = checkpoint;
  for (const scanned of scanner.finish()) {
    const after = advance(last, scanned, nothingRead);
    yield step(last, scanned, after);
    last = after;
  }
  yield* readOn(nextGeneration(last, object), object, null, options);
}

/** Reads from a checkpoint to the end of the object. */
async function* readOn(
  start: Checkpoint,
  object: ObjectInfo,
  kept: readonly Buffer[] | null,
  options: ReadingOptions,
): AsyncGenerator<Step | null, void, undefined> {
  const resumption = resumptionOf(start);
  const scanner = createScanner(contextOf(start, options), { ...resumption, reading: start.reading });
  const trail = createTrail(start, options.hashing);
  let checkpoint = start;
  const moveOn = (scanned: ScannedBatch): Step => {
    const before = checkpoint;
    checkpoint = advance(before, scanned, trail.measure(scanned.to));
    return step(before, scanned, checkpoint);
  };
  for await (const chunk of kept ?? chunksOf(object, resumption.from, options)) {
    for (const scanned of scanner.push(trail.push(chunk))) yield moveOn(scanned);
    yield null;
  }
  if (options.tailTimeoutMs === 0) for (const scanned of scanner.finish()) yield moveOn(scanned);

  const { held, reading } = scanner.state();
  const end = finished(checkpoint, object, {
    extent: trail.measure(object.size),
    tail: { held: held.subarray(0, WINDOW_BYTES), reading },
    now: options.clock.now(),
  });
  yield { batch: null, from: { generation: end.generation, offset: end.offset }, checkpoint: end, more: false };
}

function step(before: Checkpoint, scanned: ScannedBatch, after: Checkpoint): Step {
  const batch = scanned.batch.count > 0 ? scanned.batch : null;
  return { batch, from: { generation: before.generation, offset: before.offset }, checkpoint: after, more: true };
}

function contextOf(checkpoint: Checkpoint, options: ReadingOptions): ScanContext {
  const { source, origin, generation, lastModified } = checkpoint;
  return { ...options.scan, source, origin, generation, lastModified, fileDay: fileDayOf(source) };
}

async function* chunksOf(
  object: ObjectInfo,
  from: number,
  { store, bucket }: ReadingOptions,
): AsyncGenerator<Buffer, void, undefined> {
  if (from < object.size) yield* await store.read(bucket, object.key, { from, ifMatch: object.etag });
}
