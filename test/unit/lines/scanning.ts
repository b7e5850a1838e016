import { LineFlag, levelNames, lineAt, type LineBatch } from '../../../src/lines/line-batch';
import { initialReadingState, type ReadingState } from '../../../src/lines/reading-state';
import { decodeReadingState, encodeReadingState } from '../../../src/lines/reading-state-record';
import { createScanner, type ScanContext, type ScanPosition, type ScannedBatch } from '../../../src/lines/scanner';

/** Scans bytes in chunks, and shows the lines found. */

export const context: ScanContext = {
  source: 'logs/host-1/app.log',
  origin: 'host-1',
  generation: 0,
  fileDay: null,
  lastModified: Date.parse('2021-10-17T12:00:00Z'),
  zone: 'UTC',
  customFormat: null,
  maxFutureSkew: 3_600_000,
  maxLineBytes: 60,
  batchBytes: 900_000,
};

export const beginning = (reading: ReadingState = initialReadingState): ScanPosition => ({
  offset: 0,
  held: Buffer.alloc(0),
  reading,
});

export /** Scans chunk after chunk, and resumes through JSON with a new scanner at every index in `resumeAt`. */
function scan(
  chunks: readonly Buffer[],
  of: { context?: Partial<ScanContext>; start?: ScanPosition; resumeAt?: ReadonlySet<number>; isEnded?: boolean } = {},
): { batches: ScannedBatch[]; position: ScanPosition } {
  const full = { ...context, ...of.context };
  let scanner = createScanner(full, of.start ?? beginning());
  const batches: ScannedBatch[] = [];
  chunks.forEach((chunk, i) => {
    if (of.resumeAt?.has(i) === true) scanner = createScanner(full, throughJson(scanner.state()));
    batches.push(...scanner.push(chunk));
  });
  if (of.isEnded === true) batches.push(...scanner.finish());
  return { batches, position: scanner.state() };
}

const { lastModified } = context;

/** The position as a checkpoint keeps it. */
export function throughJson({ offset, held, reading }: ScanPosition): ScanPosition {
  return {
    offset,
    held: Buffer.from(held.toString('base64'), 'base64'),
    reading: decodeReadingState(JSON.parse(JSON.stringify(encodeReadingState(reading, lastModified))), lastModified),
  };
}

export interface Line {
  readonly at: number;
  readonly text: string;
  readonly cut: string;
  readonly level: string | undefined;
  readonly time: number | undefined;
  readonly flags: number;
}

const cutBits = LineFlag.CUT_HEAD | LineFlag.CUT_TAIL | LineFlag.CUT_REST;
const cutNames: Record<number, string> = { 0: '', 4: 'head', 8: 'tail', 16: 'rest' };

/** The lines of a batch, with their cuts by name. */
export function linesOf(batch: LineBatch): Line[] {
  return Array.from({ length: batch.count }, (_, i) => ({
    at: batch.offsets[i] ?? -1,
    text: lineAt(batch, i).toString('latin1'),
    cut: cutNames[(batch.flags[i] ?? 0) & cutBits] ?? 'more than one',
    level: levelNames[batch.levels[i] ?? -1],
    time: batch.times[i],
    flags: (batch.flags[i] ?? 0) & ~cutBits,
  }));
}

export const allLines = (batches: readonly ScannedBatch[]): Line[] => batches.flatMap(({ batch }) => linesOf(batch));
/** Cuts `data` at these positions. */
export function chunksOf(data: Buffer, cuts: readonly number[]): Buffer[] {
  const bounds = [0, ...[...cuts].sort((a, b) => a - b), data.length];
  return bounds.slice(1).map((end, i) => Buffer.from(data.subarray(bounds[i], end)));
}
