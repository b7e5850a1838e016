import { afterGap, type LineBatch } from '../src/lines/line-batch';
import { createScanner, fileDayOf, type ScanContext, type ScannedBatch, type ScanOptions } from '../src/lines/scanner';
import type { Checkpoint } from '../src/ingestion/checkpoint';
import { WINDOW_BYTES, type Extent, type Hashing } from '../src/ingestion/content';
import type { OriginRule } from '../src/ingestion/origin';
import { resumptionOf } from '../src/ingestion/plan';
import { advance, finished, isBehindGap, withReportedGap, withoutTail } from '../src/ingestion/progress';
import type { QuarantineRecord } from '../src/ingestion/quarantine';
import { createTrail } from '../src/ingestion/trail';
import type { Since } from '../src/ingestion/versions';
import type { Clock } from '../src/ports/clock';
import type { ObjectInfo } from '../src/ports/object-store';
import { contentFrom, type ContentOptions } from './content';
import type { ProvingOptions } from './proving';

/** How sources are read: the same for all of them. */
export interface ReadingOptions extends ContentOptions, ProvingOptions {
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly since: Since;
  readonly originRule: OriginRule;
  /** Topic of the lines of a key that was never read. */
  readonly topicOf: (key: string) => string;
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

/** Null is no step yet: bytes were read, ask again. What is returned is the checkpoint behind them all. */
export type Steps<C extends Checkpoint | null = Checkpoint> = AsyncGenerator<Step | null, C, undefined>;

/** What is held of a generation that is over will never be terminated: it is published as it is. */
export function* closeTail(checkpoint: Checkpoint, options: ReadingOptions): Generator<Step, Checkpoint, undefined> {
  const { offset, size, held } = checkpoint.position;
  const { fingerprint } = checkpoint.identity;
  const tail = { offset, held: Buffer.from(held, 'base64'), reading: checkpoint.format };
  const scanner = createScanner(contextOf(checkpoint, options), tail);
  const nothingRead: Extent = { from: size, to: size, crc64: 0n, crc32: null, fingerprint };
  let last = checkpoint;
  for (const scanned of scanner.finish()) {
    // Of an object that cannot be read this says nothing.
    const next = step(last, scanned, { ...advance(last, scanned, nothingRead), quarantine: last.quarantine });
    yield next;
    last = next.checkpoint;
  }
  const closed = withoutTail(last);
  if (closed !== last) yield { batch: null, from: positionOf(last), checkpoint: closed, more: true };
  return closed;
}

/** Reads from a checkpoint to the end of the object. */
export async function* readOn(
  start: Checkpoint,
  object: ObjectInfo,
  chunks: AsyncIterable<Buffer>,
  options: ReadingOptions,
): Steps {
  const scanner = createScanner(contextOf(start, options), { ...resumptionOf(start), reading: start.format });
  const trail = createTrail(start, options.hashing);
  let checkpoint = start;
  const moveOn = (scanned: ScannedBatch): Step => {
    const next = step(checkpoint, scanned, advance(checkpoint, scanned, trail.measure(scanned.to)));
    ({ checkpoint } = next);
    return next;
  };
  for await (const chunk of chunks) {
    for (const scanned of scanner.push(trail.push(chunk))) yield moveOn(scanned);
    yield null;
  }
  if (options.tailTimeoutMs === 0) for (const scanned of scanner.finish()) yield moveOn(scanned);

  const { held, reading } = scanner.state();
  const end = finished(checkpoint, object, {
    extent: trail.measure(start.identity.encoding === 'plain' ? object.size : trail.position),
    tail: { held: held.subarray(0, WINDOW_BYTES), reading },
    now: options.clock.now(),
  });
  yield { batch: null, from: positionOf(end), checkpoint: end, more: false };
  return end;
}

/** What is left to read of the object that was read last. */
export function rest(checkpoint: Checkpoint, object: ObjectInfo, options: ReadingOptions): AsyncIterable<Buffer> {
  return contentFrom(object, resumptionOf(checkpoint).from, checkpoint.identity.encoding, options);
}

/** Lines and the checkpoint behind them; of a possible gap before them the first one tells, once. */
function step(before: Checkpoint, scanned: ScannedBatch, after: Checkpoint): Step {
  const { batch } = scanned;
  const from = positionOf(before);
  if (batch.count === 0) return { batch: null, from, checkpoint: after, more: true };
  if (!isBehindGap(before, scanned)) return { batch, from, checkpoint: after, more: true };
  return { batch: afterGap(batch), from, checkpoint: withReportedGap(after), more: true };
}

export function positionOf({ position: { generation, offset } }: Checkpoint): Step['from'] {
  return { generation, offset };
}

function contextOf(checkpoint: Checkpoint, { bucket, scan }: ReadingOptions): ScanContext {
  const { source, origin, position, identity } = checkpoint;
  const { generation } = position;
  const { lastModified } = identity;
  const key = source.slice(bucket.length + 1);
  return { ...scan(key), source, origin, generation, lastModified, fileDay: fileDayOf(source) };
}
