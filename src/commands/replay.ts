import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { decompress } from '../adapters/native/decompress';
import type { DecompressionLimits } from '../adapters/native/limits';
import { scanOptions } from '../apps/jobs';
import { partsOf } from '../apps/parts';
import type { Config } from '../config';
import { isCompression, peek, sniff, SNIFF_BYTES, unreadError } from '../lines/encoding';
import { datedPart } from '../lines/day-look-ahead';
import { initialReadingState } from '../lines/reading-state';
import { createScanner, fileDayOf, type ScanOptions, type ScannedBatch } from '../lines/scanner';
import { createTopicOf } from '../ingestion/line-topics';
import { originOf } from '../ingestion/origin';
import { quarantineReasonOf } from '../ingestion/quarantine';
import { sourceId, splitSourceId } from '../ingestion/source-id';
import { JobChain } from '../stream/job-chain';
import { TelltaleError } from '../errors';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import { findLogFiles, reportSkipped, type LogFiles } from '../apps/log-files';
import { refuseUnreadable, unreadable, type Unreadable } from '../apps/unreadable';
import { warnOfIgnoredSettings, warnOfUnusedKeys } from '../apps/unused-keys';

export interface ReplayOptions {
  /** Files, folders, or `-` for standard input. */
  readonly paths: readonly string[];
  readonly json: boolean;
  /** Leave out a last line without terminator, as a live run that still holds it does. */
  readonly terminatedOnly: boolean;
}

/** One input of a replay. */
interface Input {
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

const CHUNK_BYTES = 1024 * 1024;

/**
 * `telltale replay`: folds files through the same jobs as the running system, without any event log: prints the
 * results of every pipeline.
 * @throws FILE_UNREADABLE after the results are printed, when some files could not be read
 */
export async function runReplay(config: Config, options: ReplayOptions, io: Io): Promise<number> {
  const { jobs: all, results } = partsOf(config, 'final');
  const jobs = new JobChain(all);
  const topicOf = createTopicOf(config.ingest.sources);
  const bytes = new Map<string, number>();
  const { inputs, closed, skipped } = await inputsOf(config, options);
  reportSkipped(skipped, io.log);
  warnOfIgnoredSettings(config, io);
  warnOfUnusedKeys(
    config,
    inputs.map(({ source }) => splitSourceId(source).key),
    io,
  );
  const leftOut: Unreadable[] = [...closed];
  for (const input of inputs) {
    try {
      const topic = topicOf(splitSourceId(input.source).key);
      const read = await foldInput(jobs, input, topic, config, options);
      bytes.set(topic, (bytes.get(topic) ?? 0) + read);
    } catch (error) {
      const reason = quarantineReasonOf(error);
      if (reason === null) throw error;
      leftOut.push(unreadable(input.name, reason));
      // Some of it may be counted already.
      if (!input.isFile) refuseUnreadable(leftOut);
    }
    if (io.stop.aborted) throw new TelltaleError('STOPPED', 'stopped before all was read');
  }
  jobs.end();
  for (const each of results) {
    for (const topic of each.topics) {
      for (const { key, value } of jobs.written(topic)) each.add({ topic, key, value, isNew: true });
    }
  }
  const lines = results.flatMap((each) => each.lines(options.json, bytes));
  io.out.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  refuseUnreadable(leftOut);
  return 0;
}

async function inputsOf(
  config: Config,
  { paths }: ReplayOptions,
): Promise<{ inputs: readonly Input[] } & Pick<LogFiles, 'closed' | 'skipped'>> {
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
  const stdin: Input = {
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

/** The next chunk is read while the one before is counted. */
async function* chunksOf(path: string): AsyncGenerator<Buffer, void, undefined> {
  // A pipe that took the place of a file must not hold up the end.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const readNext = (): Promise<{ bytesRead: number; buffer: Buffer }> => {
    // A new buffer each time: the scanner keeps what it was given.
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
 * counted, as in a live run. Standard input cannot be read twice: replay stops where it is broken.
 * @throws OBJECT_ENCODING; as `decompress`
 */
async function* contentOf(input: Input, limits: DecompressionLimits): AsyncGenerator<Buffer, void, undefined> {
  const { head, chunks } = await peek(input.chunks(), SNIFF_BYTES);
  const encoding = sniff(head);
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

/** @returns the size of the input's content in bytes */
async function foldInput(
  jobs: JobChain,
  input: Input,
  topic: string,
  config: Config,
  options: ReplayOptions,
): Promise<number> {
  const { source, origin, scan, lastModified } = input;
  const context = {
    ...scan,
    source,
    origin,
    generation: 0,
    lastModified,
    fileDay: fileDayOf(source, Math.floor(lastModified / 86_400_000)),
  };
  const start = { offset: 0, held: Buffer.alloc(0), reading: initialReadingState };
  const content = (): AsyncIterable<Buffer> => contentOf(input, { maxRatio: config.ingest.maxGzipRatio });
  const part = await datedPart(context, start, {
    chunks: content(),
    skip: 0,
    reopen: input.isFile ? content : null,
    maxKeptBytes: config.ingest.maxProofBytes,
    flush: !options.terminatedOnly,
  });
  const scanner = createScanner({ ...context, dayPlan: part.dayPlan }, start);
  // Any fixed time of ingestion will do: nothing ages while files are replayed.
  const fold = ({ batch }: ScannedBatch): void => jobs.fold(topic, batch, 0);
  let bytes = 0;
  for await (const chunk of part.chunks) {
    bytes += chunk.length;
    scanner.push(chunk).forEach(fold);
  }
  if (!options.terminatedOnly) scanner.finish().forEach(fold);
  return bytes;
}
