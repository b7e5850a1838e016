import { LineFlag, levelNames } from '../../../src/lines/line-batch';
import { LineParser, type ReadingContext } from '../../../src/lines/line-parser';
import { initialReadingState, type ReadingState } from '../../../src/lines/reading-state';

/** The upload of all samples in the tables of `src/lines`. */
export const sampleUpload: ReadingContext = {
  fileDay: null,
  lastModified: Date.parse('2026-11-29T12:00:00Z'),
  zone: 'UTC',
  customFormat: null,
  maxFutureSkew: 3_600_000,
};

/** Level and time of each line, as `ERROR 2026-11-29T10:00:00.123Z`, read from one upload. */
export function readSamples(lines: readonly string[], of: Partial<ReadingContext> = {}): string[] {
  let parser = new LineParser({ ...sampleUpload, ...of }, initialReadingState);
  return lines.map((line) => {
    // Surrounded by other bytes, so that a read outside the line fails the test.
    const text = Buffer.from(line);
    const bytes = Buffer.concat([Buffer.from('17'), text, Buffer.from('7 ERROR 12:00:00"}]>')]);
    parser.parse(bytes, 2, 2 + text.length);
    const { level, time, flags } = parser;
    // The state alone must suffice to continue.
    const state = JSON.parse(JSON.stringify(parser.state(null))) as ReadingState;
    parser = new LineParser({ ...sampleUpload, ...of }, state);
    const future = (flags & LineFlag.FUTURE) === 0 ? '' : ' future';
    return `${levelNames[level]} ${new Date(time).toISOString()}${future}`;
  });
}

export function readSample(line: string, of: Partial<ReadingContext> = {}): string {
  return readSamples([line], of)[0] ?? '';
}
