import { maskMessage } from '../../../../src/pipelines/level-alerts/counting/patterns';
import { timestampForms } from '../../../../src/lines/timestamp-forms';

const message = 'Disk is full';
const levels = [
  (stamp: string) => `${stamp} ERR ${message}`,
  (stamp: string) => `[${stamp}] [err] ${message}`,
  (stamp: string) => `${stamp} ERROR ${message}`,
];
const rows = timestampForms.flatMap(({ samples }) => samples.flatMap(([stamp]) => levels.map((of) => [of(stamp)])));

describe('the pattern of a line', () => {
  it.each([
    ...rows,
    [`E1129 10:00:00.123456 7 x.go:12] ${message}`],
    [`10:00:00 ERR ${message}`],
    [`2026-11-29 10:00:00 [err] ${message}`],
    [`ERR ${message}`],
  ])('is that of its message: %j', (line) => {
    expect(maskMessage(line)).toBe(message);
  });

  it('keeps the names of all fields of an object that has no message', () => {
    const pattern = '{"level":"<str>","disk":"<str>","x":<n>}';
    expect(maskMessage('{"level":"error","disk":"is full","x":1}')).toBe(pattern);
  });
});
