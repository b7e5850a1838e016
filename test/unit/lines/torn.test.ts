import { timestampForms } from '../../../src/lines/timestamp-forms';
import { allLines, scan } from './scanning';

const context = { lastModified: Date.parse('2026-11-29T12:00:00Z'), maxLineBytes: 1024 };
const above = '2026-11-29 09:00:00 INFO x\n';

/** Level and time of an unterminated last line, as `ERROR 10:00:00.000`. */
function readTail(line: string, before = above): string {
  const tail = allLines(scan([Buffer.from(before + line)], { context, isEnded: true }).batches).at(-1);
  return `${tail?.level} ${new Date(tail?.time ?? 0).toISOString().slice(11, 23)}`;
}

describe('an unterminated last line', () => {
  it.each([
    ['11/29/2026 10:00:00 P', 'NONE 09:00:00.000'],
    ['11/29/2026 10:00:00 ', 'NONE 09:00:00.000'],
    ['11/29/2026 10:00:00', 'NONE 09:00:00.000'],
    ['2026-11-29 10:00:00+02', 'NONE 09:00:00.000'],
    ['2026-11-29 10:00:00 +0', 'NONE 09:00:00.000'],
    ['2026-11-29 10:00:00 CE', 'NONE 09:00:00.000'],
    ['2026-11-29 10:00:00 C', 'NONE 09:00:00.000'],
    ['2026-11-29 10:00', 'NONE 09:00:00.000'],
    ['2026-11-29 10:00:00.1', 'NONE 09:00:00.000'],
    ['[2026-11-29 10:00:00', 'NONE 09:00:00.000'],
    ['ts=2026-11-29T10:00:00', 'NONE 09:00:00.000'],
    ['ERROR 2026-11-29 10:00:00', 'ERROR 09:00:00.000'],
    ['{"level":"error","time":"2026-11-29T10:00', 'ERROR 09:00:00.000'],
  ])('takes the time of the record above when it ends in its timestamp: %j', (line, expected) => {
    expect(readTail(line)).toBe(expected);
  });

  it.each([
    ['11/29/2026 10:00:00 AM ERROR', 'ERROR 10:00:00.000'],
    ['2026-11-29T10:00:00Z', 'NONE 10:00:00.000'],
    ['2026-11-29 10:00:00,123 ERROR x: user 5', 'ERROR 10:00:00.123'],
    ['2026-11-29 10:00:00 x', 'NONE 10:00:00.000'],
    ['{"level":"error","time":"2026-11-29T10:00:00"}', 'ERROR 10:00:00.000'],
    ['10.0.0.7 - - [29/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 51', 'NONE 10:00:00.000'],
  ])('keeps its own time when more text cannot change it: %j', (line, expected) => {
    expect(readTail(line)).toBe(expected);
  });

  it('is at the time of the upload without a record above', () => {
    expect(readTail('11/29/2026 10:00:00 P', '')).toBe('NONE 12:00:00.000');
  });

  it('is never dated otherwise than the whole line, wherever it is torn', () => {
    const whole = [...timestampForms.flatMap(({ samples }) => samples.map(([stamp]) => `${stamp} ERROR x`))];
    const timeOf = (line: string): string | undefined => readTail(line).split(' ')[1];
    const misdated = whole.flatMap((line) => {
      const times = [timeOf(line), '09:00:00.000'];
      const torn = Array.from({ length: line.length - 1 }, (_, i) => line.slice(0, i + 1));
      return torn.filter((text) => !times.includes(timeOf(text)));
    });
    expect(misdated).toEqual([]);
  });
});
