import { decodeLines, type DecodedLines } from '../lines/decode-lines';
import type { BatchInput, LinesInput } from './job';

/** The lines of a job's input, by source: from a record batch of a topic of lines, or straight from a scanner. */
export function lineBatchesOf(input: BatchInput | LinesInput): Iterable<Pick<DecodedLines, 'batch' | 'timestamp'>> {
  return input.type === 'lines'
    ? [{ batch: input.lines, timestamp: input.timestamp }]
    : decodeLines(input.batch, input.startOffset);
}
