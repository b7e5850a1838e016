import { createLineMaker, fileNameOf, type LineSettings } from '../../../src/generator/log-line';
import { createRandom } from '../../../src/generator/random';

const settings: LineSettings = {
  minLength: 10,
  maxLength: 50,
  pattern: '([a-c][e-g][0-3]|[A-Z][5-9][f-w]){5,15}',
  frequency: 0.07,
  levels: { error: [0, 0.01], warn: [0.01, 0.2], debug: [0.2, 0.3], info: [0.3, 1] },
};
const shape = /^(\d\d:\d\d:\d\d\.\d{3}) \[generator\] (ERROR|WARN |INFO |DEBUG) LogFileGenerator - ([!-~]*)$/;

function lines(count: number, change: Partial<LineSettings> = {}): { time: string; level: string; message: string }[] {
  const make = createLineMaker({ ...settings, ...change }, createRandom(20211007, 1));
  return Array.from({ length: count }, () => {
    const line = make(Date.UTC(2026, 10, 21, 9, 5, 7, 42));
    const [, time, level, message] = shape.exec(line) ?? [];
    if (time === undefined || level === undefined || message === undefined) throw new Error(`of no shape: ${line}`);
    return { time, level: level.trim(), message };
  });
}

/** True when a count is within five standard deviations. */
function expectShare(count: number, share: number, of: number): void {
  expect(Math.abs(count - share * of)).toBeLessThan(5 * Math.sqrt(of * share * (1 - share)));
}

describe('a generated line', () => {
  it("has logback's form, with UTC time and the level padded to five", () => {
    expect(new Set(lines(50).map(({ time }) => time))).toEqual(new Set(['09:05:07.042']));
  });

  it('is the same for the same seed', () => {
    expect(lines(20)).toEqual(lines(20));
  });

  it('has its level as often as the ranges say', () => {
    const all = lines(20_000);
    const count = (level: string): number => all.filter((line) => line.level === level).length;
    expectShare(count('ERROR'), 0.01, all.length);
    expectShare(count('WARN'), 0.19, all.length);
    expectShare(count('DEBUG'), 0.1, all.length);
    expectShare(count('INFO'), 0.7, all.length);
  });

  it('has a message of any length from the shortest to the longest, equally often', () => {
    const lengths = lines(8_200, { frequency: 0 }).map(({ message }) => message.length);
    expect(new Set(lengths)).toEqual(new Set(Array.from({ length: 41 }, (_, i) => 10 + i)));
    for (let length = 10; length <= 50; length++) {
      expectShare(lengths.filter((one) => one === length).length, 1 / 41, lengths.length);
    }
  });

  it('uses every printable character but the space', () => {
    const used = new Set(
      lines(2_000, { frequency: 0 })
        .map(({ message }) => message)
        .join(''),
    );
    expect(used.size).toBe(0x7e - 0x21 + 1);
  });

  it('holds a string of the pattern as often as the frequency says', () => {
    // A marker that no printable message contains otherwise.
    const all = lines(20_000, { pattern: '<x>{7}', frequency: 0.07 });
    expectShare(all.filter(({ message }) => message.includes('<x>>>>>>>')).length, 0.07, all.length);
    const marked = lines(200, { pattern: '<x>{7}', frequency: 1 });
    expect(marked.every(({ message }) => message.includes('<x>>>>>>>') && message.length >= 19)).toBe(true);
    expect(marked.some(({ message }) => message.startsWith('<x'))).toBe(true);
    expect(marked.some(({ message }) => message.endsWith('>>'))).toBe(true);
  });

  it('belongs to the file of its day in UTC', () => {
    expect(fileNameOf(Date.UTC(2026, 10, 21, 23, 59, 59, 999))).toBe('LogFileGenerator.2026-11-21.log');
    expect(fileNameOf(Date.UTC(2026, 10, 22))).toBe('LogFileGenerator.2026-11-22.log');
  });
});
