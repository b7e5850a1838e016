import type { Checkpoint } from '../../src/ingestion/checkpoint';
import { WINDOW_BYTES, type RangeDigest, type Hashing } from '../../src/ingestion/content';
import { resumptionOf, type SourceObject } from '../../src/ingestion/plan';
import type { LineFacts, ReaderEvent } from '../../src/ingestion/reader/protocol';
import { createRangeDigester } from '../../src/ingestion/range-digester';
import { Level, LineFlag, type LineBatch } from '../../src/lines/line-batch';
import { DayLookAhead, dayPlanOf } from '../../src/lines/day-look-ahead';
import type { Repeats } from '../../src/lines/repeats/repeat-finder';
import { SketchBuilder } from '../../src/lines/repeats/sketch-builder';
import {
  createScanner,
  fileDayOf,
  type LineScanner,
  type ScanContext,
  type ScannedBatch,
  type ScanOptions,
} from '../../src/lines/scanner';
import type { Operation, Progress } from './operation';

/** The content to be split into lines. */
export interface Scan {
  readonly checkpoint: Checkpoint;
  readonly object: SourceObject;
  /** From `resumptionOf(checkpoint).from` on. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Opens the same content again. */
  readonly reopen: () => AsyncIterable<Buffer>;
  /** Publish an unterminated last line, too. */
  readonly flush: boolean;
  /** The lines that were read before; null when there are none. */
  readonly repeats: Repeats | null;
}

export interface ScanTools {
  readonly key: string;
  readonly scan: (key: string) => ScanOptions;
  readonly hashing: Hashing;
  /** Content of at most this many bytes is kept in memory while its dates are looked for; more is read twice. */
  readonly maxKeptBytes: number;
}

/** Reads lines from a checkpoint to the end of the object. Batches are handed out one a turn. */
export function scanLines({ checkpoint, object, chunks, reopen, flush, repeats }: Scan, tools: ScanTools): Operation {
  const facts = contextOf(checkpoint, tools);
  const context = repeats === null ? facts : { ...facts, repeats };
  const sketch = new SketchBuilder(checkpoint.format.sketch);
  const start = { ...resumptionOf(checkpoint), reading: checkpoint.format };
  const { maxKeptBytes } = tools;
  const skip = start.scanFrom - start.from;
  const lookAhead = new DayLookAhead(context, start, { chunks, skip, reopen, maxKeptBytes, flush });
  const digester = createRangeDigester(checkpoint, tools.hashing);
  const batches: ScannedBatch[] = [];
  let scanner: LineScanner | null = null;
  let iterator: AsyncIterator<Buffer> | null = null;
  let hasEnded = false;

  const takeBatch = (): Progress | null => {
    const batch = batches.shift();
    return batch === undefined ? null : scannedEvent(batch, digester.measure(batch.to), sketch);
  };
  return {
    next: async () => {
      if (scanner === null || iterator === null) {
        const part = await lookAhead.next();
        if (part === null) return 'unfinished';
        scanner = createScanner({ ...context, dayPlan: part.dayPlan }, start);
        iterator = part.chunks[Symbol.asyncIterator]();
      }
      if (batches.length === 0 && !hasEnded) {
        const chunk = await iterator.next();
        hasEnded = chunk.done === true;
        if (chunk.done !== true) batches.push(...scanner.push(digester.push(chunk.value)));
        else if (flush) batches.push(...scanner.finish());
      }
      const scanned = takeBatch();
      if (scanned !== null) return scanned;
      if (!hasEnded) return 'unfinished';
      const { held, reading } = scanner.state();
      const ended = { ...reading, sketch: sketch.state() };
      const range = digester.measure(checkpoint.identity.encoding === 'plain' ? object.size : digester.position);
      const tail = { held: held.subarray(0, WINDOW_BYTES), reading: ended };
      return { event: { type: 'contentEnded', range, tail }, scanned: null };
    },
    close: async () => {
      await iterator?.return?.();
      await lookAhead.close();
    },
  };
}

/** Makes lines of the held tail. Its bytes are in the checkpoint's checksums already. */
export function flushHeld(checkpoint: Checkpoint, tools: Omit<ScanTools, 'maxKeptBytes'>): Operation {
  const { offset, size, held } = checkpoint.position;
  const { fingerprint } = checkpoint.identity;
  const position = { offset, held: Buffer.from(held, 'base64'), reading: checkpoint.format };
  const context = contextOf(checkpoint, tools);
  const batches = createScanner({ ...context, dayPlan: dayPlanOf(context, position) }, position).finish();
  const sketch = new SketchBuilder(checkpoint.format.sketch);
  const nothingRead: RangeDigest = { from: size, to: size, crc64: 0n, crc32: null, fingerprint };
  return {
    next: () => {
      const batch = batches.shift();
      return Promise.resolve(
        batch === undefined
          ? { event: { type: 'tailFlushed' }, scanned: null }
          : scannedEvent(batch, nothingRead, sketch),
      );
    },
    close: () => Promise.resolve(),
  };
}

function scannedEvent({ batch, ...step }: ScannedBatch, range: RangeDigest, sketch: SketchBuilder): Progress {
  sketch.add(batch);
  const blocks = sketch.takeBlocks();
  const reading = { ...step.reading, sketch: sketch.state() };
  const event: ReaderEvent = {
    type: 'scanned',
    step: { ...step, reading },
    range,
    lines: factsOf(batch, reading.earlierNewest),
  };
  return { event, scanned: { batch, blocks } };
}

function factsOf({ count, starts, ends, times, levels, flags }: LineBatch, earlierNewest: number | null): LineFacts {
  let [repeated, old, cutHead, cutTail, cutRest] = [0, 0, 0, 0, 0];
  const oldUntil = earlierNewest ?? -Infinity;
  for (let i = 0; i < count; i++) {
    const bits = flags[i] ?? 0;
    if ((times[i] ?? 0) <= oldUntil && (bits & isNotOld) === 0 && (levels[i] ?? Level.RAW) < Level.CONT) old += 1;
    if (bits === 0) continue;
    if ((bits & LineFlag.AGAIN) !== 0) repeated += 1;
    if ((bits & LineFlag.CUT_HEAD) !== 0) cutHead += 1;
    if ((bits & LineFlag.CUT_TAIL) !== 0) cutTail += 1;
    // An empty held tail means that NULs were dropped.
    if ((bits & LineFlag.CUT_REST) !== 0 && starts[i] !== ends[i]) cutRest += 1;
  }
  return { count, repeated, old, cutHead, cutTail, cutRest };
}

const isNotOld = LineFlag.AGAIN | LineFlag.FUTURE | LineFlag.CUT_REST;

export function contextOf(
  { source, origin, position, identity }: Checkpoint,
  { key, scan }: Pick<ScanTools, 'key' | 'scan'>,
): ScanContext {
  const { generation } = position;
  const { lastModified } = identity;
  return {
    ...scan(key),
    source,
    origin,
    generation,
    lastModified,
    fileDay: fileDayOf(source, Math.floor(lastModified / 86_400_000)),
  };
}
