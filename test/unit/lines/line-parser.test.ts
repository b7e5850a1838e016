import { compilePattern } from '../../../src/config/line-pattern';
import { customFormat } from '../../../src/lines/formats/custom';
import { Level, LineFlag, levelNames } from '../../../src/lines/line-batch';
import { LineParser, nextGeneration, type ReadingContext } from '../../../src/lines/line-parser';
import type { Repeats } from '../../../src/lines/repeats/repeat-finder';
import { initialReadingState, type ReadingState } from '../../../src/lines/reading-state';

const context: ReadingContext = {
  fileDay: null,
  lastModified: Date.parse('2021-10-17T12:00:00Z'),
  zone: 'UTC',
  customFormat: null,
  maxFutureSkew: 3_600_000,
};

function readAll(lines: readonly string[], of: Partial<ReadingContext> = {}, state = initialReadingState) {
  let reading = new LineParser({ ...context, ...of }, state);
  const read: string[] = [];
  let kept: ReadingState = state;
  for (const line of lines) {
    const bytes = Buffer.from(line);
    reading.parse(bytes, 0, bytes.length);
    const time = new Date(reading.time).toISOString();
    const again = (reading.flags & LineFlag.AGAIN) === 0 ? '' : ' again';
    const future = (reading.flags & LineFlag.FUTURE) === 0 ? '' : ' future';
    read.push(`${levelNames[reading.level]} ${time}${again}${future}`);
    // Passes the state through JSON after every line: the state alone must suffice to continue.
    kept = JSON.parse(JSON.stringify(reading.state(null))) as ReadingState;
    reading = new LineParser({ ...context, ...of }, kept);
  }
  return { read, state: kept };
}

/** 32-bit FNV-1a. */
const hashOf = (text: string): number =>
  [...Buffer.from(text)].reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5) >>> 0;

const at = (clock: string): string => `${clock} [main] INFO a.B - x`;
const times = (lines: readonly string[], of: Partial<ReadingContext> = {}, state = initialReadingState): string[] =>
  readAll(lines, of, state).read.map((line) => line.replace(/^\w+ /, '').replace(':00.000Z', ''));
const epochDay = (date: string): number => Date.parse(date) / 86_400_000;

describe('LineParser', () => {
  it('gives a line that matches no format the level CONT and the time of the record above', () => {
    const lines = ['head of file', at('11:00:00').replace('INFO', 'ERROR'), '\tat a.B.c(B.java:1)', '', at('11:01:00')];
    expect(readAll(lines).read).toEqual([
      'RAW 2021-10-17T12:00:00.000Z',
      'ERROR 2021-10-17T11:00:00.000Z',
      'CONT 2021-10-17T11:00:00.000Z',
      'CONT 2021-10-17T11:00:00.000Z',
      'INFO 2021-10-17T11:01:00.000Z',
    ]);
  });

  it('uses the matching format, which becomes the current one', () => {
    const { read, state } = readAll(['17/06/09 20:10:40 INFO x', '[Sun Dec 04 04:47:44 2005] [error] x']);
    expect(read).toEqual(['INFO 2017-06-09T20:10:40.000Z', 'ERROR 2005-12-04T04:47:44.000Z']);
    expect(state.format).toBe('apache-error');
  });

  it('uses the zone of the source', () => {
    expect(times(['2021-10-17 12:00:00 INFO x', at('13:30:00')], { zone: 'Europe/Berlin' })).toEqual([
      '2021-10-17T10:00',
      '2021-10-17T11:30',
    ]);
  });
});

describe('a full date and time at the start of a line', () => {
  it.each([
    // A letter follows at once, and the hour after midnight as Java's `kk` writes it.
    ['2021-10-17 11:00:01ERROR x', 'ERROR 2021-10-17T11:00:01.000Z'],
    ['[2021-10-17 11:00:01.5WARN] x', 'WARN 2021-10-17T11:00:01.500Z'],
    ['2021-10-17 24:15:00 ERROR x', 'ERROR 2021-10-17T00:15:00.000Z'],
    ['2021/10/17 24:15:00,250 WARN x', 'WARN 2021-10-17T00:15:00.250Z'],
    // No such time: the record above tells it.
    ['0001-01-01T00:00:00Z ERROR x', 'ERROR 2021-10-17T11:00:00.000Z'],
    ['0000-00-00 00:00:00 ERROR x', 'ERROR 2021-10-17T11:00:00.000Z'],
    ['1969-12-31 16:00:00.000 ERROR x', 'ERROR 2021-10-17T11:00:00.000Z'],
    ['1969-12-31T16:00:00-08:00 [main] WARN x', 'WARN 2021-10-17T11:00:00.000Z'],
    ['[2021-02-30 10:00:00] [error] x', 'ERROR 2021-10-17T11:00:00.000Z'],
    ['2021-10-17 25:00:00 INFO x', 'INFO 2021-10-17T11:00:00.000Z'],
    ['2021-10-17 10:60:00 x', 'NONE 2021-10-17T11:00:00.000Z'],
  ])('begins a record, also where the time is an odd one: %j is %s', (line, expected) => {
    const { read } = readAll([at('2021-10-17 11:00:00').replace('INFO', 'DEBUG'), line, '\tat a.B']);
    expect(read.slice(1)).toEqual([expected, expected.replace(/^\w+/, 'CONT')]);
  });

  it('takes the time of the upload as long as no record tells one', () => {
    const { read } = readAll(['1969-12-31 16:00:00 ERROR x', '2021-10-17 11:00:00 INFO x', 'ERROR: x']);
    expect(read).toEqual([
      'ERROR 2021-10-17T12:00:00.000Z',
      'INFO 2021-10-17T11:00:00.000Z',
      'CONT 2021-10-17T11:00:00.000Z',
    ]);
  });

  it.each(['2021-10-17 is the day', '2021-10-1 11:00:00', '2021-10/17 11:00:00', '2021-1a-17 11:00:00 ERROR'])(
    'is not other text with numbers: %j',
    (line) => {
      expect(readAll([at('2021-10-17 11:00:00'), line]).read[1]).toBe('CONT 2021-10-17T11:00:00.000Z');
    },
  );
});

describe('what a line begins with that is not its text', () => {
  const error = '2021-10-17 11:30:00 ERROR x';
  const json = '{"time":"2021-10-17T11:30:00Z","level":"error"}';

  it.each([
    `\r${error}`,
    `\f${error}`,
    `\u200b${error}`,
    `\u200e\ufeff${error}`,
    `\r${json}`,
    `[${json},`,
    `,${json}`,
    `, ${json}`,
    `[ ${json}]`,
    `\x1e${json}`,
  ])('is left out: %j', (line) => {
    expect(readAll([at('2021-10-17 11:00:00'), line]).read[1]).toBe('ERROR 2021-10-17T11:30:00.000Z');
    expect(readAll([json.replace('30:00', '00:00'), line]).read[1]).toBe('ERROR 2021-10-17T11:30:00.000Z');
  });

  it.each(['\r\tat a.B', '[{"a":1}]', '[', ',', '[,{"', '\u2009x', '\r', '\u200b'])(
    'is alone: %j continues',
    (line) => {
      expect(readAll([at('2021-10-17 11:00:00'), line]).read[1]).toBe('CONT 2021-10-17T11:00:00.000Z');
    },
  );
});

describe('objects of JSON on one line', () => {
  const object = (level: string): string => `{"time":"2021-10-17T11:30:00Z","level":"${level}"}`;
  const [info, error] = [object('info'), object('error')];

  it.each([
    `${info}${error}`,
    `${info} ${error}`,
    `[${info},${error}]`,
    `${error}${info}`,
    `${info}${error.slice(0, -1)}`,
  ])('have the most severe level when they are two: %s', (line) => {
    expect(readAll([line]).read).toEqual(['ERROR 2021-10-17T11:30:00.000Z']);
  });

  it.each([
    info.repeat(3),
    [info, info, info].join(' '),
    `[${[info, info, info].join(', ')}]`,
    `${info}${info}${info.slice(0, 9)}`,
  ])('are not understood when they are more: %s', (line) => {
    expect(readAll([line]).read).toEqual(['RAW 2021-10-17T12:00:00.000Z']);
  });
});

describe('a custom format', () => {
  const formatOf = (pattern: string): ReadingContext['customFormat'] =>
    customFormat(compilePattern(pattern), new Map([['F', Level.ERROR]]));
  const own = formatOf('^(?<level>[A-Z]+) (?<time>\\S+ \\S+) ');
  const ownLine = 'F 2021-10-17 11:00:00 x';
  const knownLine = '2021-10-17 11:30:00 WARN x';

  it('is tried first; other lines are tried against the known formats, or continue', () => {
    const lines = [knownLine, ownLine, '\tat x', knownLine, 'F 2021-10-17 11:60:00 x', ownLine];
    expect(readAll(lines, { customFormat: own }).read).toEqual([
      'WARN 2021-10-17T11:30:00.000Z',
      'ERROR 2021-10-17T11:00:00.000Z',
      'CONT 2021-10-17T11:00:00.000Z',
      'WARN 2021-10-17T11:30:00.000Z',
      'ERROR 2021-10-17T11:30:00.000Z',
      'ERROR 2021-10-17T11:00:00.000Z',
    ]);
  });

  it('is tried first even for lines that a known format matches', () => {
    // The known format would read a word of the message as the level.
    const lines = [knownLine, '2021-10-17 11:31:00 ERROR [F] x', '2021-10-17 11:32:00 ERROR [I] x'];
    expect(readAll(lines, { customFormat: formatOf('^(?<time>\\S+ \\S+) \\w+ \\[(?<level>\\w)\\]') }).read).toEqual([
      'WARN 2021-10-17T11:30:00.000Z',
      'ERROR 2021-10-17T11:31:00.000Z',
      'NONE 2021-10-17T11:32:00.000Z',
    ]);
  });

  it('gets day, year and zone like other formats', () => {
    const fileDay = epochDay('2021-07-14');
    const zone = 'Europe/Berlin';
    const clock = formatOf('^(?<level>F) (?<hour>\\d+)\\.(?<minute>\\d+)');
    expect(times(['F 23.59', 'F 0.01', 'F 23.58'], { customFormat: clock, fileDay, zone })).toEqual([
      '2021-07-14T21:59',
      '2021-07-14T22:01',
      '2021-07-14T21:58',
    ]);
    const yearless = formatOf('^(?<day>\\d+)\\. (?<month>\\S+) (?<hour>\\d+):(?<minute>\\d+)');
    expect(times(['17. Oct 13:00', '18. Oct 14:01'], { customFormat: yearless })).toEqual([
      '2021-10-17T13:00',
      '2020-10-18T14:01',
    ]);
  });

  it('applies from the checkpoint on when it was added, changed or removed', () => {
    const known = readAll([knownLine]).state;
    expect(readAll([ownLine], { customFormat: own }, known).read).toEqual(['ERROR 2021-10-17T11:00:00.000Z']);
    const kept = readAll([ownLine], { customFormat: own }).state;
    expect(kept.format).toBe('own');
    expect(readAll(['F~ 2021-10-17 11:00:00 x', knownLine], {}, kept).read).toEqual([
      'CONT 2021-10-17T11:00:00.000Z',
      'WARN 2021-10-17T11:30:00.000Z',
    ]);
    expect(readAll([ownLine], { customFormat: formatOf('(?<time>\\d+:\\d+:\\d+)') }, kept).read).toEqual([
      'NONE 2021-10-17T11:00:00.000Z',
    ]);
  });
});

describe('the date of time-only timestamps', () => {
  it('is the one in the file name', () => {
    expect(times([at('13:30:00')], { fileDay: epochDay('2021-10-15') })).toEqual(['2021-10-15T13:30']);
  });

  it('is otherwise the latest that is not after LastModified plus the skew', () => {
    expect(times([at('13:00:00')])).toEqual(['2021-10-17T13:00']);
    expect(times([at('13:00:01')])).toEqual(['2021-10-16T13:00:01.000Z']);
  });

  it('changes on a backward jump of more than 12 h, and may change back within an hour', () => {
    const fileDay = epochDay('2021-10-14');
    const clocks = [
      '23:58:00',
      '00:01:00',
      '23:59:00',
      '00:02:00',
      '00:50:00',
      '23:59:00',
      '00:51:00',
      '01:02:00',
      '23:59:00',
    ];
    expect(times(clocks.map(at), { fileDay })).toEqual([
      '2021-10-14T23:58',
      '2021-10-15T00:01',
      '2021-10-14T23:59',
      '2021-10-15T00:02',
      '2021-10-15T00:50',
      '2021-10-14T23:59',
      '2021-10-15T00:51',
      '2021-10-15T01:02',
      '2021-10-15T23:59',
    ]);
  });

  it('does not change on smaller jumps', () => {
    const fileDay = epochDay('2021-10-14');
    expect(times([at('20:00:00'), at('08:00:00'), at('20:00:00')], { fileDay })).toEqual([
      '2021-10-14T20:00',
      '2021-10-14T08:00',
      '2021-10-14T20:00',
    ]);
  });

  it('is that of the previous generation when a rewritten log has the same first timestamp', () => {
    const first = readAll([at('10:00:00'), at('10:01:00')]);
    const later = { lastModified: Date.parse('2021-10-19T12:00:00Z') };
    const rewritten = times([at('10:00:00'), at('11:00:00')], later, nextGeneration(first.state));
    expect(rewritten).toEqual(['2021-10-17T10:00', '2021-10-17T11:00']);
    expect(times([at('10:00:01')], later, nextGeneration(first.state))).toEqual(['2021-10-19T10:00:01.000Z']);
  });
});

describe('the year of timestamps without one', () => {
  it.each([
    ['2021-10-17T12:00:00Z', 'UTC', 'Oct 17 13:00:00', '2021-10-17T13:00'],
    ['2021-10-17T12:00:00Z', 'UTC', 'Oct 17 13:00:30', '2021-10-17T12:00 future'],
    ['2021-10-17T12:00:00Z', 'UTC', 'Oct 18 14:00:00', '2021-10-17T12:00 future'],
    ['2021-10-17T12:00:00Z', 'UTC', 'Oct 18 14:00:01', '2020-10-18T14:00:01.000Z'],
    ['2021-10-17T12:00:00Z', 'UTC', 'Dec 31 23:00:00', '2020-12-31T23:00'],
    // New Year's night: a fast clock, a slow upload, hosts in zones ahead and behind.
    ['2025-12-31T23:59:30Z', 'UTC', 'Jan  1 00:00:10', '2026-01-01T00:00:10.000Z'],
    ['2025-12-31T23:00:00Z', 'UTC', 'Jan  1 08:00:00', '2025-12-31T23:00 future'],
    ['2026-01-01T00:00:30Z', 'UTC', 'Dec 31 23:59:59', '2025-12-31T23:59:59.000Z'],
    ['2026-01-01T05:00:00Z', 'America/New_York', 'Dec 31 23:59:59', '2026-01-01T04:59:59.000Z'],
    ['2025-12-31T18:30:00Z', 'Asia/Kathmandu', 'Jan  1 00:14:00', '2025-12-31T18:29'],
    // 29 February.
    ['2024-02-29T12:00:00Z', 'UTC', 'Feb 29 11:00:00', '2024-02-29T11:00'],
    ['2024-02-28T12:00:00Z', 'UTC', 'Feb 29 11:00:00', '2024-02-28T12:00 future'],
    ['2025-02-28T12:00:00Z', 'UTC', 'Feb 29 11:00:00', '2024-02-29T11:00'],
    ['2024-03-01T01:00:00Z', 'UTC', 'Feb 29 23:00:00', '2024-02-29T23:00'],
  ])('uploaded at %s, zone %s, %s is %s', (uploaded, zone, stamp, expected) => {
    expect(times([`${stamp} host su: x`], { lastModified: Date.parse(uploaded), zone })).toEqual([expected]);
  });

  it('allows a skew of more than 26 h', () => {
    const maxFutureSkew = 48 * 3_600_000;
    expect(times(['Oct 19 12:00:00 host su: x', 'Oct 19 12:00:01 host su: x'], { maxFutureSkew })).toEqual([
      '2021-10-19T12:00',
      '2020-10-19T12:00:01.000Z',
    ]);
  });
});

describe('a time in the hour that comes twice', () => {
  const zone = 'Europe/Berlin';
  const lastModified = Date.parse('2026-10-25T01:40:00Z');
  const night = (clock: string): string => `2026-10-25 ${clock} INFO x`;

  it('is of the second pass when it goes back', () => {
    const clocks = ['01:50:00', '02:10:00', '02:59:00', '02:58:30', '02:10:00', '02:09:00', '02:20:00', '02:45:00'];
    expect(times(clocks.map(night), { zone, lastModified })).toEqual([
      '2026-10-24T23:50',
      '2026-10-25T00:10',
      '2026-10-25T00:59',
      '2026-10-25T00:58:30.000Z',
      '2026-10-25T01:10',
      '2026-10-25T01:09',
      '2026-10-25T01:20',
      // It would be after the upload.
      '2026-10-25T00:45',
    ]);
  });

  it('is of the second pass in a new generation, too', () => {
    const before = readAll([night('02:59:00')], { zone, lastModified: Date.parse('2026-10-25T00:59:30Z') });
    const uploaded = Date.parse('2026-10-25T01:10:30Z');
    expect(times([night('02:10:00')], { zone, lastModified: uploaded }, nextGeneration(before.state))).toEqual([
      '2026-10-25T01:10',
    ]);
  });

  it('is of the second pass without a date and without a year', () => {
    const clocks = ['02:59:00', '02:10:00'];
    const expected = ['2026-10-25T00:59', '2026-10-25T01:10'];
    expect(times(clocks.map(at), { zone, lastModified, maxFutureSkew: 0 })).toEqual(expected);
    expect(
      times(
        clocks.map((clock) => `Oct 25 ${clock} host su: x`),
        { zone, lastModified },
      ),
    ).toEqual(expected);
  });
});

describe('a timestamp in the future', () => {
  it('is marked and counted at LastModified, with its continuation lines', () => {
    const lines = ['2021-10-17 13:00:00 INFO x', '2021-10-17 13:00:01 ERROR x', '\tat x', '2021-10-17 11:00:00 INFO x'];
    const { read, state } = readAll(lines);
    expect(read).toEqual([
      'INFO 2021-10-17T13:00:00.000Z',
      'ERROR 2021-10-17T12:00:00.000Z future',
      'CONT 2021-10-17T12:00:00.000Z future',
      'INFO 2021-10-17T11:00:00.000Z',
    ]);
    expect(state.newest).toBe(Date.parse('2021-10-17T13:00:00Z'));
  });
});

describe('a rewritten log', () => {
  const line = (clock: string, text: string): string => `2021-10-17 ${clock} INFO ${text}`;

  const lines = ['raw', line('10:00:00', 'a'), '\tat x', line('10:05:00', 'b'), '\tat y', line('10:06:00', 'c')];
  const flags = (state: ReadingState, repeats?: Repeats): string =>
    lines
      .map((text) => Buffer.from(text))
      .reduce<{ parser: LineParser; marks: string }>(
        ({ parser, marks }, bytes) => {
          parser.parse(bytes, 0, bytes.length);
          return { parser, marks: marks + ((parser.flags & LineFlag.AGAIN) === 0 ? '-' : 'A') };
        },
        { parser: new LineParser(repeats === undefined ? context : { ...context, repeats }, state), marks: '' },
      ).marks;
  const before = nextGeneration(readAll([line('10:05:00', 'z')]).state);

  it('repeats the records that were found before, with the lines that belong to them', () => {
    expect(flags(before, [0, 1])).toBe('-AA---');
    expect(flags(before, [1, 2])).toBe('---AA-');
    expect(flags(before)).toBe('------');
  });

  it('never repeats a record that is newer than all before', () => {
    expect(flags(before, [0, 9])).toBe('-AAAA-');
    expect(flags(initialReadingState, [0, 9])).toBe('------');
  });

  it('repeats lines up to the mark of a version without sketches', () => {
    const earlier = { time: Date.parse('2021-10-17T10:05:00Z'), hashes: [hashOf(line('10:05:00', 'b'))] };
    expect(flags({ ...initialReadingState, earlier })).toBe('-AAAA-');
    expect(flags({ ...initialReadingState, earlier: { ...earlier, hashes: [] } })).toBe('-AA---');
  });

  it('keeps the mark of a version without sketches for all later generations', () => {
    const unsketched = { time: 5, hashes: [1] };
    const next = nextGeneration({ ...initialReadingState, newest: 7, unsketched });
    expect(next).toMatchObject({ earlier: unsketched, unsketched: null, earlierNewest: 7 });
    expect(nextGeneration({ ...next, newest: 6 })).toMatchObject({ earlier: unsketched, earlierNewest: 7 });
  });

  it('starts with no other state of the previous generation', () => {
    const next = nextGeneration(readAll([at('10:00:00')]).state);
    expect(next).toEqual({
      ...initialReadingState,
      earlierNewest: next.earlierNewest,
      sketch: next.sketch,
      before: { firstTimestamp: '10:00:00.000', firstDay: epochDay('2021-10-17') },
    });
    expect(nextGeneration(next)).toEqual(next);
  });
});

it('reads a date after a tab while the head scan is the current format, and continues with other tabs', () => {
  const lines = ['2021-10-07 22:43:13 - shop - ERROR - x', '\t2021-10-07 22:44:13 WARN slow', '\tat com.example.Shop'];
  expect(readAll(lines).read.map((line) => line.split(' ')[0])).toEqual(['ERROR', 'WARN', 'CONT']);
});

it.each([
  ['web-1 shop[4711]: {"level":"error"}', 'ERROR'],
  ['web-1 shop: level=warn msg=slow', 'WARN'],
  ['web-1 shop: at=info: level=warn', 'WARN'],
  ['web-1 shop.service[7]: 2021-10-07 22:43:13 ERROR x', 'ERROR'],
  ['web-1 shop[4711] text: level=error msg=x', 'ERROR'],
  ['web-1 kernel(Sandbox)[0] <Notice>: level=error msg=x', 'INFO'],
  ['web-1 daemon.err shop: level=info msg=x', 'ERROR'],
  ['shop: level=error msg=x', 'ERROR'],
])('reads the level that follows the tag of syslog in "%s"', (text, level) => {
  const line = `Oct  7 22:43:13 ${text}`;
  const wrapped = `\u001b[0m${line}`;
  expect(readAll([line, wrapped]).read.map((one) => one.split(' ')[0])).toEqual([level, level]);
});
