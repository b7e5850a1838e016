import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { decompress } from '../adapters/native/decompress';
import type { DecompressionLimits } from '../adapters/native/limits';
import type { Config } from '../config';
import { faultAndRemedy } from '../errno';
import { TelltaleError } from '../errors';
import { originOf } from '../ingestion/origin';
import { quarantineReasonOf } from '../ingestion/quarantine';
import { sourceId, splitSourceId } from '../ingestion/source-id';
import type { Io } from '../io';
import type { Logger } from '../log';
import { datedPart } from '../lines/day-look-ahead';
import { decisions } from '../decisions';
import { isCompression, isNamedCompressed, peek, sniff, SNIFF_BYTES, unreadError } from '../lines/encoding';
import { initialReadingState } from '../lines/reading-state';
import { createScanner, fileDayOf, type ScanContext, type ScannedBatch, type ScanOptions } from '../lines/scanner';
import { scanOptions } from './jobs';
import { findLogFiles, reportSkipped, type LogFiles } from './log-files';
import { refuseUnreadable, unreadable, type Unreadable } from './unreadable';
import { unlessStopped } from './until-stopped';
import { warnOfUnusedKeys } from './unused-keys';

/** The log files and standard input that a command reads without an event log. */

/** A file given by path, or standard input. */
export interface LogInput {
  /** The name by which the user knows it. */
  readonly name: string;
  /** SourceId. */
  readonly source: string;
  readonly origin: string;
  readonly scan: ScanOptions;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** The stored bytes, from the first one. */
  readonly chunks: () => AsyncIterable<Buffer>;
  /** True when it can be read twice. */
  readonly isFile: boolean;
}

/**
 * Reads the files and folders that `paths` name, and standard input for `-`, one after the other.
 * @returns the files that cannot be read
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE as `findLogFiles`, and for standard input that cannot be read; STOPPED
 */
export async function readLogInputs(
  config: Config,
  paths: readonly string[],
  io: Io,
  read: (input: LogInput) => Promise<void>,
): Promise<readonly Unreadable[]> {
  const { inputs, closed, skipped } = await inputsOf(config, paths);
  reportSkipped(skipped, io.log);
  warnOfUnusedKeys(
    config,
    inputs.map(({ source }) => splitSourceId(source).key),
    io,
  );
  const leftOut: Unreadable[] = [...closed];
  for (const input of inputs) {
    try {
      await unlessStopped(io, () => read(input));
    } catch (error) {
      const reason = quarantineReasonOf(error);
      if (reason === null) throw error;
      leftOut.push(unreadable(input.name, reason));
      // Some of it may be counted already.
      if (!input.isFile) refuseUnreadable(leftOut);
    }
  }
  return leftOut;
}

async function inputsOf(
  config: Config,
  paths: readonly string[],
): Promise<{ inputs: readonly LogInput[] } & Pick<LogFiles, 'closed' | 'skipped'>> {
  const { bucket } = config.objectStore;
  const scanFor = scanOptions(config);
  const { files, closed, skipped } = await findLogFiles(paths.filter((path) => path !== '-'));
  const inputs = files.map(({ path, key, mtime }) => ({
    name: path,
    source: sourceId(bucket, key),
    origin: originOf(key, { prefix: '', named: null }),
    scan: scanFor(key),
    lastModified: mtime,
    chunks: () => chunksOf(path),
    isFile: true,
  }));
  if (!paths.includes('-')) return { inputs, closed, skipped };
  const stdin: LogInput = {
    name: 'standard input',
    source: sourceId(bucket, 'stdin/-'),
    origin: 'stdin',
    scan: scanFor('stdin/-'),
    lastModified: Date.now(),
    chunks: () => process.stdin,
    isFile: false,
  };
  return { inputs: [...inputs, stdin], closed, skipped };
}

export interface ScanInputOptions {
  readonly config: Config;
  /** Leaves out a last line without terminator. */
  readonly terminatedOnly: boolean;
  /** Told once of text whose name says that it is compressed; null for an input that is read again. */
  readonly log: Pick<Logger, 'warn'> | null;
}

/**
 * Scans the content of an input.
 * @returns the size of the content in bytes
 * @throws OBJECT_ENCODING; as `decompress`
 */
export async function scanInput(
  input: LogInput,
  { config, terminatedOnly, log }: ScanInputOptions,
  onBatch: (scanned: ScannedBatch, context: ScanContext) => void,
): Promise<number> {
  const { source, origin, scan, lastModified } = input;
  const undated = {
    ...scan,
    source,
    origin,
    generation: 0,
    lastModified,
    fileDay: fileDayOf(source, Math.floor(lastModified / 86_400_000)),
  };
  const start = { offset: 0, held: Buffer.alloc(0), reading: initialReadingState };
  let isPlain = false;
  const onPlain = (): void => {
    if (!isPlain && isNamedCompressed(input.name)) log?.warn(decisions.notCompressed.event, { file: input.name });
    isPlain = true;
  };
  const content = (): AsyncIterable<Buffer> => contentOf(input, { maxRatio: config.ingest.maxGzipRatio }, onPlain);
  const part = await datedPart(undated, start, {
    chunks: content(),
    skip: 0,
    reopen: input.isFile ? content : null,
    maxKeptBytes: config.ingest.maxProofBytes,
    flush: !terminatedOnly,
  });
  const context = { ...undated, dayPlan: part.dayPlan };
  const scanner = createScanner(context, start);
  const pass = (scanned: ScannedBatch): void => onBatch(scanned, context);
  let bytes = 0;
  for await (const chunk of part.chunks) {
    bytes += chunk.length;
    scanner.push(chunk).forEach(pass);
  }
  if (!terminatedOnly) scanner.finish().forEach(pass);
  return bytes;
}

const CHUNK_BYTES = 1024 * 1024;

/** @throws FILE_UNREADABLE with the error of the file system */
async function* chunksOf(path: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* readChunks(path);
  } catch (cause) {
    const message = `Cannot read ${path}${faultAndRemedy(cause, 'check its permissions')}`;
    throw new TelltaleError('FILE_UNREADABLE', message, { cause });
  }
}

/** Reads the next chunk while the previous one is counted. */
async function* readChunks(path: string): AsyncGenerator<Buffer, void, undefined> {
  // A pipe that replaced a file must not delay the end.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const readNext = (): Promise<{ bytesRead: number; buffer: Buffer }> => {
    // A new buffer each time: the scanner keeps its input.
    const reading = file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
    // Avoid an unhandled rejection: the consumer awaits this promise later.
    reading.catch(() => undefined);
    return reading;
  };
  let next = readNext();
  try {
    for (;;) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      next = readNext();
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await next.catch(() => undefined);
    await file.close();
  }
}

/**
 * The content of an input, decompressed if it is compressed. Decompresses a file twice, so that no line of a broken one is
 * counted, as in a live run. Standard input cannot be read twice: reading stops where it is broken.
 * @throws OBJECT_ENCODING; as `decompress`
 */
async function* contentOf(
  input: LogInput,
  limits: DecompressionLimits,
  onPlain: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  const { head, chunks } = await peek(input.chunks(), SNIFF_BYTES);
  const encoding = sniff(head);
  if (encoding === 'plain') onPlain();
  if (encoding === 'plain') {
    yield* chunks;
  } else if (isCompression(encoding)) {
    if (input.isFile) await drained(decompress(chunks, encoding, limits));
    yield* decompress(input.isFile ? input.chunks() : chunks, encoding, limits);
  } else {
    await chunks.return();
    throw unreadError(input.name, encoding);
  }
}

async function drained(pieces: AsyncIterator<Buffer>): Promise<void> {
  while ((await pieces.next()).done !== true);
}
