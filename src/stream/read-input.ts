import { decodeLines, type DecodedLines } from '../lines/decode-lines';
import { decodeBatch, type DecodedRecord } from '../records/record-batch';
import type { BatchInput, LinesInput, RecordsInput } from './job';

/** The lines of a job's input, by source: from a record batch of a topic of lines, or straight from a scanner. */
export function lineBatchesOf(input: BatchInput | LinesInput): Iterable<Pick<DecodedLines, 'batch' | 'timestamp'>> {
  return input.type === 'lines'
    ? [{ batch: input.lines, timestamp: input.timestamp }]
    : decodeLines(input.batch, input.startOffset);
}

/** The records of a job's input: from a record batch of any other topic, or straight from the job that wrote them. */
export function recordsOf(input: BatchInput | RecordsInput): readonly DecodedRecord[] {
  return input.type === 'records' ? input.records : decodeBatch(input.batch, input.startOffset);
}
