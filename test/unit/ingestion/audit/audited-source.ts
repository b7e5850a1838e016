import { crc32c as nodeCrc32c } from '@node-rs/crc32';
import { createCRC64 } from 'hash-wasm';
import { lineAt, type LineBatch } from '../../../../src/lines/line-batch';
import { decodeLines, encodeLines } from '../../../../src/lines/log-records';
import { initialReadingState } from '../../../../src/lines/reading-state';
import { createScanner, type ScannedBatch } from '../../../../src/lines/scanner';
import { bytesToRead, createByteReader, auditResultOf, type Audited } from '../../../../src/ingestion/audit/audit';
import type { Crc64 } from '../../../../src/ingestion/byte-sum';
import type { Claim } from '../../../../src/ingestion/audit/claim';
import { formatCrc } from '../../../../src/ingestion/crc-combine';
import type { SourceObject } from '../../../../src/ingestion/plan';
import { TopicLedger } from '../../../../src/ingestion/audit/topic-ledger';

/** A line as a record of the topic, for tampering. */
export interface Line {
  readonly generation: number;
  readonly at: number;
  readonly value: Buffer;
  readonly flags: number;
  readonly level: number;
  readonly origin: string;
}

/** All inputs of an audit of one source. */
export interface AuditedSource {
  readonly claim: Claim;
  readonly lines: readonly Line[];
  /** The bytes of the checkpoint's object; null when it is gone. */
  readonly object: Buffer | null;
}

export async function loadCrc64(): Promise<Crc64> {
  const hasher = await createCRC64('9a6c9329ac4bc9b5');
  return (bytes) => BigInt(`0x${hasher.init().update(bytes).digest('hex')}`);
}

const context = {
  source: 'logs/host-1/app.log',
  origin: 'host-1',
  generation: 0,
  fileDay: null,
  lastModified: Date.parse('2021-10-17T12:00:00Z'),
  zone: 'UTC',
  customFormat: null,
  maxFutureSkew: 3_600_000,
};

const INGESTED = 1_700_000_000_000;

/** An upload: bytes, possibly followed by a silence after which the held bytes are published. */
export interface Upload {
  readonly bytes: Buffer;
  readonly isSilent: boolean;
}

/** Reads uploads like the producer. */
export function sourceOf(
  uploads: readonly Upload[],
  crc64: Crc64,
  limits: { readonly maxLineBytes: number; readonly batchBytes: number } = { maxLineBytes: 1000, batchBytes: 900_000 },
): AuditedSource {
  const scanner = createScanner(
    { ...context, ...limits },
    { offset: 0, held: Buffer.alloc(0), reading: initialReadingState },
  );
  const scanned: ScannedBatch[] = [];
  for (const { bytes, isSilent } of uploads) {
    scanned.push(...scanner.push(bytes));
    if (isSilent) scanned.push(...scanner.finish());
  }
  const content = Buffer.concat(uploads.map(({ bytes }) => bytes));
  const { offset, held } = scanner.state();
  const sum = (bytesOf: (batch: ScannedBatch) => number): number =>
    scanned.reduce((all, batch) => all + bytesOf(batch), 0);
  return {
    claim: {
      source: context.source,
      origin: context.origin,
      topic: 'logs',
      generation: 0,
      offset,
      size: content.length,
      encoding: 'plain',
      etag: '"1"',
      versionId: null,
      objectSize: content.length,
      whole: true,
      crc64: formatCrc('CRC64NVME', crc64(content)),
      crc32: null,
      sums: {
        published: sum((batch) => batch.publishedBytes),
        dropped: sum((batch) => batch.droppedBytes),
        skipped: 0,
      },
      possibleGap: 0,
      quarantine: null,
      ended: null,
      held: { length: held.length, crc64: crc64(held) },
      recognition: null,
    },
    lines: scanned.flatMap(({ batch }) => throughTopic(batch).flatMap(linesOf)),
    object: content,
  };
}

/** The result of `telltale audit`. */
export function auditOf(
  { claim, lines, object }: AuditedSource,
  crc64: Crc64,
  how: {
    readonly retained?: boolean;
    readonly settled?: boolean;
    /** Topic of the lines; by default the claim's. */
    readonly topic?: string;
    readonly newest?: SourceObject | null;
    readonly read?: SourceObject;
  } = {},
): Audited {
  const ledger = new TopicLedger(new Map([[claim.source, claim]]), 0, crc64);
  // One batch of several lines, then each line separately.
  const half = Math.floor(lines.length / 2);
  for (const some of [lines.slice(0, half), ...lines.slice(half).map((line) => [line])]) {
    for (const batch of batchesOf(claim.source, some)) {
      ledger.add(how.topic ?? claim.topic, { batch, timestamp: INGESTED, nextOffset: 0 }, how.settled ?? true);
    }
  }
  const topic = ledger.factsOf(claim);
  const range = object === null ? null : bytesToRead(claim, topic);
  const read: SourceObject | null =
    object === null
      ? null
      : (how.read ?? { size: claim.objectSize, etag: claim.etag, lastModified: context.lastModified });
  return auditResultOf(
    claim,
    topic,
    {
      newest: how.newest === undefined ? read : how.newest,
      read,
      bytes: object === null || range === null ? null : readIn(object.subarray(range.from), range, crc64),
    },
    how.retained ?? true,
  );
}

function readIn(
  bytes: Buffer,
  range: Parameters<typeof createByteReader>[0],
  crc64: Crc64,
): ReturnType<ReturnType<typeof createByteReader>['finish']> {
  const reader = createByteReader(range, crc64);
  for (let i = 0; i < bytes.length; i += 7) reader.push(bytes.subarray(i, i + 7));
  return reader.finish();
}

function throughTopic(batch: LineBatch): LineBatch[] {
  if (batch.count === 0) return [];
  const encoded = encodeLines(batch, INGESTED, (bytes) => nodeCrc32c(bytes));
  return decodeLines(encoded, 0).map((lines) => lines.batch);
}

function linesOf(batch: LineBatch): Line[] {
  return Array.from({ length: batch.count }, (_, i) => ({
    generation: batch.generation,
    at: batch.offsets[i] ?? -1,
    value: Buffer.from(lineAt(batch, i)),
    flags: batch.flags[i] ?? 0,
    level: batch.levels[i] ?? 0,
    origin: batch.origin,
  }));
}

/** One batch per run of lines of one generation and origin. */
export function batchesOf(source: string, lines: readonly Line[]): LineBatch[] {
  const runs: Line[][] = [];
  for (const line of lines) {
    const run = runs.at(-1);
    const [first] = run ?? [];
    if (run !== undefined && first?.generation === line.generation && first.origin === line.origin) run.push(line);
    else runs.push([line]);
  }
  return runs.map((run) => batchOf(source, run));
}

function batchOf(source: string, lines: readonly Line[]): LineBatch {
  const bytes = Buffer.concat(lines.map(({ value }) => value));
  const ends = lines.map((_, i) => lines.slice(0, i + 1).reduce((sum, { value }) => sum + value.length, 0));
  return {
    source,
    origin: lines[0]?.origin ?? '',
    generation: lines[0]?.generation ?? 0,
    count: lines.length,
    bytes,
    starts: Uint32Array.from(ends, (end, i) => end - (lines[i]?.value.length ?? 0)),
    ends: Uint32Array.from(ends),
    offsets: Float64Array.from(lines, ({ at }) => at),
    times: new Float64Array(lines.length),
    levels: Uint8Array.from(lines, ({ level }) => level),
    flags: Uint8Array.from(lines, ({ flags }) => flags),
    lengths: new Map(),
  };
}
