import { accessSamples } from '../../../src/lines/formats/access/access-samples';
import { statusLevels } from '../../../src/lines/formats/access/status';
import { Level, levelNames } from '../../../src/lines/line-batch';
import { LineParser, type ReadingContext } from '../../../src/lines/line-parser';
import { initialReadingState, type ReadingState } from '../../../src/lines/reading-state';

const byStatus = statusLevels(
  new Map<string, Level>([
    ['5xx', Level.ERROR],
    ['4xx', Level.WARN],
    ['3xx', Level.INFO],
    ['2xx', Level.INFO],
    ['499', Level.DEBUG],
  ]),
);

/** Level and minute of each line; a new parser continues from the state after each. */
function read(lines: readonly string[], of: Partial<ReadingContext> = {}): string[] {
  const context: ReadingContext = {
    fileDay: null,
    lastModified: Date.parse('2026-11-29T12:00:00Z'),
    zone: 'America/New_York',
    customFormat: null,
    maxFutureSkew: 3_600_000,
    ...of,
  };
  let parser = new LineParser(context, initialReadingState);
  return lines.map((line) => {
    const text = Buffer.from(line);
    // Surrounded by other bytes, so that a read outside the line fails the test.
    const bytes = Buffer.concat([Buffer.from('17'), text, Buffer.from('7 "GET /" 500 ERROR')]);
    parser.parse(bytes, 2, 2 + text.length);
    const { level, time } = parser;
    parser = new LineParser(context, JSON.parse(JSON.stringify(parser.state(null))) as ReadingState);
    return `${levelNames[level]} ${new Date(time).toISOString().slice(0, 16)}`;
  });
}

const utc = '2026-11-29T10:00';
/** The zone of the source is that of New York. */
const wall = '2026-11-29T15:00';
const late = { lastModified: Date.parse('2026-11-29T18:00:00Z') };

const samples = accessSamples.map(
  ([server, line, zone, level]) => [server, line, zone === 'UTC' ? utc : wall, level] as const,
);

describe('access logs', () => {
  it.each(samples)('reads the line of %s %j at %s, without a level', (_, line, time) => {
    expect(read([line], late)).toEqual([`NONE ${time}`]);
  });

  it.each(samples)('reads the line of %s %j at %s, as %s by its status', (_, line, time, level) => {
    expect(read([line], { ...late, statusLevels: byStatus })).toEqual([`${level} ${time}`]);
  });

  it.each([
    ['\tat a.B.c(B.java:1)'],
    ['see [29/Nov/2026:11:00:00 +0100] for more'],
    ['/var/log/29/Nov/2026:11:00:00'],
    ['https 2026-11-29'],
  ])('does not read %j', (line) => {
    expect(read([line])[0]).toMatch(/^RAW/);
  });

  it('keeps the level of a line beside statusLevels', () => {
    const line = '{"level":"info","time":"2026-11-29T10:00:00Z","status":500}';
    expect(read([line], { statusLevels: byStatus })).toEqual([`INFO ${utc}`]);
  });
});

describe('logs with a header of columns', () => {
  const iis = [
    '#Software: Microsoft Internet Information Services 10.0',
    '#Version: 1.0',
    '#Fields: date time s-ip cs-method cs-uri-stem cs-username sc-status time-taken',
    '2026-11-29 10:00:00 10.0.0.1 GET /index.html - 200 15',
    '2026-11-29 10:01:00 10.0.0.1 POST /cart - 500 31',
    'no line of columns',
    '#Fields: sc-status time date',
    '404 10:02:00 2026-11-29',
  ];

  it('reads times of IIS in UTC, and a header as neither a record nor unparsed', () => {
    expect(read(iis)).toEqual([
      'CONT 2026-11-29T12:00',
      'CONT 2026-11-29T12:00',
      'CONT 2026-11-29T12:00',
      'NONE 2026-11-29T10:00',
      'NONE 2026-11-29T10:01',
      'CONT 2026-11-29T10:01',
      'CONT 2026-11-29T10:01',
      'NONE 2026-11-29T10:02',
    ]);
  });

  it('reads levels of IIS by status', () => {
    const levels = read(iis, { statusLevels: byStatus }).map((line) => line.split(' ')[0]);
    expect(levels).toEqual(['CONT', 'CONT', 'CONT', 'INFO', 'ERROR', 'CONT', 'CONT', 'WARN']);
  });

  it('takes the day of the header for lines without a date', () => {
    const lines = ['#Date: 2026-11-29 09:59:00', '#Fields: time c-ip sc-status', '10:00:00 10.0.0.7 200'];
    expect(read(lines).at(-1)).toBe(`NONE ${utc}`);
  });

  it.each([
    [
      'CloudFront',
      [
        '#Version: 1.0',
        '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status',
        '2026-11-29\t10:00:00\tFRA2\t45\t10.0.0.7\tGET\td1.cloudfront.net\t/a b\t503',
      ],
      `ERROR ${utc}`,
    ],
    [
      'the Windows firewall',
      ['#Version: 1.5', '#Time Format: Local', '#Fields: date time action protocol', '2026-11-29 05:00:00 DROP TCP'],
      `NONE ${utc}`,
    ],
    ['Exchange', ['#Fields: date-time,client-ip,status', '2026-11-29T10:00:00.123Z,10.0.0.7,503'], `ERROR ${utc}`],
    ['Zeek', ['#separator \\x09', '#fields\tts\tuid\thost\tstatus_code', '1795946400.123\tC1\ta\t404'], `WARN ${utc}`],
    ['quoted values', ['#Fields: cs(User-Agent) date time sc-status', '"a b" 2026-11-29 10:00:00 404'], `WARN ${utc}`],
  ])('reads those of %s', (_, lines, expected) => {
    expect(read(lines, { statusLevels: byStatus }).at(-1)).toBe(expected);
  });

  it('keeps bounded columns of a header without end', () => {
    const header = `#Fields: ${'x '.repeat(100_000)}date time`;
    expect(read([header, 'x '.repeat(100_000)])).toEqual(['CONT 2026-11-29T12:00', 'RAW 2026-11-29T12:00']);
  });

  it('takes no other line after a number sign for a header', () => {
    expect(read(['# a comment', '#Fields', '#1 x'])[0]).toMatch(/^RAW/);
  });
});

it.each(['7', '17', '107', '10.0.0.7', '10.0.0.17'])('finds the time wherever a client %s moves it', (client) => {
  const clf = `${client} - - [29/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 500 12`;
  const iso = `${client} - - [2026-11-29 10:00:00] "GET / HTTP/1.1" 500 12`;
  expect(read([clf, iso], { statusLevels: byStatus, zone: 'UTC' })).toEqual([`ERROR ${utc}`, `ERROR ${utc}`]);
});
