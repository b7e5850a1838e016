import { compilePattern } from '../../../src/config/line-pattern';
import type { ParsedLine } from '../../../src/lines/formats/format';
import { groupProblem, customFormat } from '../../../src/lines/formats/custom';
import { Level, levelNames } from '../../../src/lines/line-batch';
import { TimestampKind } from '../../../src/lines/timestamps';

const words = new Map<string, Level>([
  ['F', Level.ERROR],
  ['e', Level.DEBUG],
  ['30', Level.INFO],
  ['Übel', Level.ERROR],
]);

/** Level and timestamp of a line. Surrounded by other bytes, so that a read outside the line fails the test. */
function parse(pattern: string, line: string | Buffer): string | null {
  const text = Buffer.from(line);
  const before = Buffer.from('2021-10-17 12:00:00 INFO ');
  const bytes = Buffer.concat([before, text, Buffer.from(' 12:00:00 ERROR')]);
  const out: ParsedLine = { level: Level.RAW, kind: TimestampKind.WALL, time: 0, status: 0 };
  const format = customFormat(compilePattern(pattern), words);
  if (!format.parse(bytes, before.length, before.length + text.length, out)) return null;
  const iso = new Date(out.time).toISOString();
  const stamp = { 0: iso.slice(0, -1), 1: iso, 2: iso.slice(11, -1), 3: iso.slice(5, -1), 4: 'none', 5: '?' }[out.kind];
  return `${levelNames[out.level]} ${stamp}`;
}

describe('a pattern with a group ampm', () => {
  const pattern = '^(?<month>[^/]+)/(?<day>\\d+)/(?<year>\\d+) (?<hour>\\d+):(?<minute>\\d+) (?<ampm>\\S+) ';

  it.each([
    ['11/29/2021 6:30 PM x', 'NONE 2021-11-29T18:30:00.000'],
    ['11/29/2021 12:30 AM x', 'NONE 2021-11-29T00:30:00.000'],
    ['11/29/2021 12:30 p.m. x', 'NONE 2021-11-29T12:30:00.000'],
    ['Dezember/29/2021 6:30 am x', 'NONE 2021-12-29T06:30:00.000'],
    ['août/29/2021 6:30 am x', 'NONE 2021-08-29T06:30:00.000'],
    ['März/29/2021 6:30 am x', 'NONE 2021-03-29T06:30:00.000'],
    ['11/29/2021 13:30 PM x', null],
    ['11/29/2021 6:30 XM x', null],
  ])('reads %j as %j', (line, expected) => {
    expect(parse(pattern, line)).toBe(expected);
  });
});

describe('a pattern with a group time', () => {
  it.each([
    ['2021-10-17 22:43:13', '2021-10-17T22:43:13.000'],
    ['2021-10-17 22:43:13.379', '2021-10-17T22:43:13.379'],
    ['2021-10-17 22:43:13,379', '2021-10-17T22:43:13.379'],
    ['2021-10-17T22:43:13.379123', '2021-10-17T22:43:13.379'],
    ['2021-10-17T22:43:13Z', '2021-10-17T22:43:13.000Z'],
    ['2021-10-17T22:43:13.5+02:00', '2021-10-17T20:43:13.500Z'],
    ['2021-10-17 22:43:13-0330', '2021-10-18T02:13:13.000Z'],
    ['11/29/2021 6:30:00 PM', '?'],
    ['081109 203615', '2008-11-09T20:36:15.000'],
    ['Sun Dec 04 04:47:44 2005', '2005-12-04T04:47:44.000'],
    ['Dec  4 04:47:44.25 2005', '2005-12-04T04:47:44.250'],
    ['Oct 11 22:14:15', '10-11T22:14:15.000'],
    ['Feb 29 22:14:15', '02-29T22:14:15.000'],
    ['22:43:13', '22:43:13.000'],
    ['22:43:13,379', '22:43:13.379'],
    ['23:59:60', '23:59:59.000'],
    ['1634510593', '2021-10-17T22:43:13.000Z'],
    ['1634510593.379', '2021-10-17T22:43:13.379Z'],
    ['1634510593379', '2021-10-17T22:43:13.379Z'],
    ['  22:43:13 ', '22:43:13.000'],
  ])('reads %j', (stamp, expected) => {
    expect(parse('^<(?<time>.*)>', `<${stamp}> x`)).toBe(`NONE ${expected}`);
  });

  it.each([
    '',
    'x',
    '22:43',
    '24:00:00',
    '22:43:13 x',
    'x 22:43:13',
    '2021-02-29 22:43:13',
    '2021-10-17',
    '1634510593.3.7',
    '12',
    'Sun',
    'Oct 11',
    '1969-10-17 22:43:13',
  ])('does not match a line with %j', (stamp) => {
    expect(parse('^<(?<time>.*)>', `<${stamp}> x`)).toBeNull();
  });

  it('matches only lines that contain it and the group', () => {
    expect(parse('at (?<time>\\S+);', 'it was at 10:00:00; yes')).toBe('NONE 10:00:00.000');
    expect(parse('^at (?<time>\\S+);', 'it was at 10:00:00; yes')).toBeNull();
    expect(parse('^(?:a(?<time>\\S+)|b)', 'b10:00:00')).toBeNull();
    expect(parse('(?<time>\\d+:\\d+:\\d+) ERROR', '10:00:00')).toBeNull();
    expect(parse('(?<time>.*)$', '')).toBeNull();
  });
});

describe('a pattern with a group for each number', () => {
  const clock = '(?<hour>\\d+):(?<minute>\\d+)';
  const full =
    '(?:(?:(?<year>\\d+)/)?(?<month>\\w+)/(?<day>[ \\d]+) )?(?<hour>\\d+)[.](?<minute>\\d+)(?:[.](?<second>\\w+))?(?:,(?<fraction>\\w+))?';
  it.each([
    [clock, '7:05', '07:05:00.000'],
    [`${clock}:(?<second>\\d+)`, '07:05:09', '07:05:09.000'],
    [full, '2021/10/17 22.43.13,379', '2021-10-17T22:43:13.379'],
    [full, '21/Oct/7 22.43.13,5', '2021-10-07T22:43:13.500'],
    [full, '99/october/ 7 22.43.13,123456789', '1999-10-07T22:43:13.123'],
    [full, '2024/sept/30 2.3', '2024-09-30T02:03:00.000'],
    [full, '2/29 22.43.13', '02-29T22:43:13.000'],
    [full, 'MAY/01 22.43.60', '05-01T22:43:59.000'],
    [full, '22.43.13,07', '22:43:13.070'],
  ])('%s reads %j', (pattern, line, expected) => {
    expect(parse(`^${pattern} x`, `${line} x`)).toBe(`NONE ${expected}`);
  });

  it.each([
    '24.00',
    '22.60',
    '22.43.61',
    '22.43.xx',
    '22.43.13,x1',
    '222.43',
    '2021/13/01 22.43',
    '2021/02/29 22.43',
    '2021/00/10 22.43',
    '2021/ju/10 22.43',
    '2021/jux/10 22.43',
    '2021/100/10 22.43',
    '202/10/10 22.43',
    '20210/10/10 22.43',
    '1969/10/10 22.43',
    '10/  22.43',
  ])('does not match %j', (line) => {
    expect(parse(`^${full} x`, `${line} x`)).toBeNull();
  });

  it.each(['2021|||10:00', '|10||10:00', '||17|10:00', '2021|10||10:00'])(
    'does not match a partial date: %s',
    (line) => {
      expect(
        parse('^(?<year>\\d+)?\\|(?<month>\\d+)?\\|(?<day>\\d+)?\\|(?<hour>\\d+):(?<minute>\\d+)', line),
      ).toBeNull();
    },
  );
});

describe('a pattern with a group level', () => {
  it.each([
    ['F', 'ERROR'],
    ['30', 'INFO'],
    ['Übel', 'ERROR'],
    ['  F ', 'ERROR'],
    // In another spelling than configured, and unknown.
    ['f', 'NONE'],
    ['E', 'NONE'],
    ['', 'NONE'],
    // Known levels, in any case.
    ['ERROR', 'ERROR'],
    ['warning', 'WARN'],
    ['notice ', 'INFO'],
    ['Trace', 'DEBUG'],
  ])('reads %j as %s', (word, level) => {
    expect(parse('^(?<time>\\S+) \\[(?<level>.*)\\]', `10:00:00 [${word}] x`)).toBe(`${level} 10:00:00.000`);
  });

  it('gives NONE when the group does not participate', () => {
    const pattern = '^(?<time>\\S+)(?: \\[(?<level>\\w+)\\])?';
    expect(parse(pattern, '10:00:00 [F]')).toBe('ERROR 10:00:00.000');
    expect(parse(pattern, '10:00:00 x')).toBe('NONE 10:00:00.000');
  });
});

describe('custom formats on the bytes of a line', () => {
  it('read UTF-8 and find groups at byte positions', () => {
    expect(parse('^[äöü]→(?<level>\\S+) 😀.(?<time>\\S+)', 'ö→Übel 😀é10:00:00 x')).toBe('ERROR 10:00:00.000');
  });

  it('accept invalid UTF-8 and NUL anywhere', () => {
    const bad = Buffer.from([0xff, 0xc3, 0x28, 0x00, 0xed, 0xa0, 0x80, 0xe2, 0x82]);
    const line = Buffer.concat([bad, Buffer.from('F 10:00:00'), bad]);
    expect(parse('(?<level>[A-Z]) (?<time>[0-9:]+)', line)).toBe('ERROR 10:00:00.000');
    expect(parse('^.{9}(?<level>[A-Z]) (?<time>[0-9:]+).{9}$', line)).toBe('ERROR 10:00:00.000');
    expect(parse('(?<time>.+)', bad)).toBeNull();
  });

  it('look at the first 4,096 bytes only', () => {
    const at = (place: number): string => `${'x'.repeat(place)} 10:00:00 y`;
    expect(parse('x (?<time>[0-9:]+)', at(4096 - 9))).toBe('NONE 10:00:00.000');
    expect(parse('x (?<time>[0-9:]+)', at(4096 - 8))).toBeNull();
  });

  it.each([
    ['^(a+)+(?<time>$)', 'a'],
    ['(a*)*(?<time>b)', 'a'],
    ['(?:a?){90}a{90}(?<time>!)', 'a'],
    ['(?<level>(?:a|b|c){1,90})(?<time>[abc]{1,50}!)', 'a'],
    ['(.*a){20}(?<time>$)', 'ab'],
  ])('of a 100 kB line do not hang %s', (pattern, unit) => {
    const started = performance.now();
    expect(parse(pattern, `${unit.repeat(100_000 / unit.length)}!`)).toBeNull();
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('the groups of a pattern', () => {
  it.each([
    [['time']],
    [['time', 'level']],
    [['hour', 'minute']],
    [['hour', 'minute', 'second', 'fraction', 'month', 'day', 'level']],
    [['hour', 'minute', 'year', 'month', 'day']],
  ])('may be %j', (names) => {
    expect(groupProblem(new Set(names))).toBeNull();
  });

  it.each([
    [[], 'a group time, or at least the groups hour and minute'],
    [['level'], 'a group time, or at least the groups hour and minute'],
    [['hour', 'level'], 'a group time, or at least the groups hour and minute'],
    [
      ['time', 'host'],
      'groups named level, time, year, month, day, hour, minute, second, fraction, ampm and no other, found (?<host>…)',
    ],
    [['time', 'hour', 'minute'], 'either a group time or groups such as hour, minute, not both'],
    [['hour', 'minute', 'month'], 'both groups month and day, or neither'],
    [['hour', 'minute', 'year'], 'groups month and day beside year'],
    [['hour', 'minute', 'fraction'], 'a group second beside fraction'],
  ])('%j are refused', (names, expected) => {
    expect(groupProblem(new Set(names))).toBe(expected);
  });
});
