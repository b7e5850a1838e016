import fc from 'fast-check';
import { formatsFor } from '../../../src/lines/formats';
import { statusLevels } from '../../../src/lines/formats/access/status';
import { jsonSamples, logfmtSamples } from '../../../src/lines/formats/fields/field-samples';
import type { ParsedLine } from '../../../src/lines/formats/format';
import { Level, levelNames } from '../../../src/lines/line-batch';
import { TimestampKind } from '../../../src/lines/timestamps';
import { readSamples } from './samples';

/** Format, level and timestamp of a line. Surrounded by other bytes, so that a read outside the line fails the test. */
function parse(line: string | Buffer): string | null {
  const text = Buffer.from(line);
  const before = Buffer.from('{"level":"error","time":"2021-10-17T12:00:00Z"}');
  const bytes = Buffer.concat([
    before,
    text,
    Buffer.from('","level":"error","time":"2021-10-17T12:00:00Z"} level=error'),
  ]);
  const out: ParsedLine = { level: Level.RAW, kind: TimestampKind.WALL, time: 0, status: 0 };
  const end = before.length + text.length;
  const format = formatsFor(text[0]).find((one) => one.parse(bytes, before.length, end, out));
  if (format === undefined) return null;
  const iso = new Date(out.time).toISOString();
  const stamp = [iso.slice(0, -1), iso, iso.slice(11, -1), iso.slice(5, -1), 'none', 'month-first'][out.kind];
  return `${format.name} ${levelNames[out.level]} ${stamp}`;
}

describe('JSON lines of loggers', () => {
  it.each(jsonSamples)('reads %s as %s', (line, expected) => {
    expect(parse(line)).toBe(`json ${expected}`);
  });

  it.each([['{'], ['{main}'], ['{"a"'], ['{"a":1'], ['{"a":{"level":"error"'], ['{"a":1} x'], ['{"level":"err']])(
    'does not match %s',
    (line) => {
      expect(parse(line)).toBeNull();
    },
  );

  it('reads the same from fields in any order', () => {
    const fields = [
      '"level":"warn"',
      '"severity":"ERROR"',
      '"time":"2026-11-29T10:00:00.123Z"',
      '"@timestamp":1795946401123',
      '"level_value":10000',
      '"log":{"level":"error","x":1}',
      '"reqId":"a"',
      '"tags":["error","info"]',
      '"a":{"b":[{"c":"}"}]}',
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(fields), (some) => {
        const sorted = fields.filter((field) => some.includes(field));
        expect(parse(`{${some.join(',')}}`)).toBe(parse(`{${sorted.join(',')}}`));
      }),
    );
  });

  it('matches any object that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        expect(parse(JSON.stringify(object))).toMatch(/^json /);
      }),
    );
  });

  it('ends within any bytes', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ',',
      ':',
      ' ',
      '"log":',
      '"level":',
      '"time":',
      '1',
      'é',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 200 }), (parts) => {
        parse(`{${parts.join('')}`);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a deeply nested line in time and stack of its length', () => {
    const deep = '{"log":'.repeat(50_000);
    expect(parse(deep)).toBeNull();
    expect(parse(`{"level":"error","log":${'['.repeat(200_000)}`)).toBe('json ERROR none');
    expect(parse(`{"level":"error","x":${'{"log":'.repeat(50_000)}`)).toBe('json ERROR none');
  });
});

describe('logfmt lines of loggers', () => {
  it.each(logfmtSamples)('reads %s as %s', (line, expected) => {
    expect(parse(line)).toBe(`logfmt ${expected}`);
  });

  it.each([
    ['level=error'],
    ['x=1'],
    ['x = 1 level=error y=2'],
    ['The value x=1 is level=error'],
    ['Caused by: a=b level=error'],
    ['a=1 b=2 text level=error'],
    ['=x level=error'],
    ['user=anna status=error code=5'],
  ])('does not match %s', (line) => {
    expect(parse(line)).toBeNull();
  });
});

/** A line as Docker keeps it. */
function docker(line: string, time = '10:00:30', stream = 'stdout'): string {
  return JSON.stringify({ log: `${line}\n`, stream, time: `2026-11-29T${time}.123456789Z` });
}

const shown = (lines: readonly string[]): string[] => readSamples(lines).map((line) => line.replace('2026-11-29T', ''));

describe('lines that a container wrote', () => {
  it('have the level and the date of the inner line, and continue as it does', () => {
    expect(
      shown([
        docker('2026-11-29 10:00:00.000 [main] INFO  a.B - x'),
        docker('2026-11-29 10:00:01.000 [main] ERROR a.B - x'),
        docker('java.lang.Error: "x"'),
        docker('\tat a.B.c(B.java:1)'),
        docker('2026-11-29 10:00:02.000 [main] WARN  a.B - x'),
      ]),
    ).toEqual([
      'INFO 10:00:00.000Z',
      'ERROR 10:00:01.000Z',
      'CONT 10:00:01.000Z',
      'CONT 10:00:01.000Z',
      'WARN 10:00:02.000Z',
    ]);
  });

  it('have the time of the container where the inner line has no date', () => {
    expect(
      shown([
        docker('10:00:00.000 [main] ERROR a.B - x'),
        docker('{"level":"warn","msg":"x"}'),
        docker('{"level":"info","time":"2026-11-29T10:00:02Z"}'),
      ]),
    ).toEqual(['ERROR 10:00:30.123Z', 'WARN 10:00:30.123Z', 'INFO 10:00:02.000Z']);
  });

  it('have levels without timestamps', () => {
    expect(
      shown([
        docker('INFO:     Started server process [1]'),
        docker('ERROR:    Exception in ASGI application', '10:01:00'),
        docker('Traceback (most recent call last):', '10:01:01'),
        docker('WARNING:  Invalid HTTP request received.', '10:02:00'),
      ]),
    ).toEqual(['INFO 10:00:30.123Z', 'ERROR 10:01:00.123Z', 'CONT 10:01:00.123Z', 'WARN 10:02:00.123Z']);
  });

  it('are records each where no line has a level or a time', () => {
    expect(shown([docker('started'), docker('stopped', '10:01:00')])).toEqual([
      'NONE 10:00:30.123Z',
      'NONE 10:01:00.123Z',
    ]);
  });

  const stamped = docker('2026-11-29 10:00:00 INFO started');
  const err = (line: string, time = '10:00:40'): string => docker(line, time, 'stderr');
  const cri = (line: string): string => `2026-11-29T10:00:40.123456789Z stderr F ${line}`;

  it.each([
    ['ERROR:root:x', 'ERROR 10:00:40.123Z'],
    ['[WARN] x', 'WARN 10:00:40.123Z'],
    ['[ ERROR ] x', 'ERROR 10:00:40.123Z'],
    ['\u001b[31mERROR\u001b[0m: x', 'ERROR 10:00:40.123Z'],
    ['Traceback (most recent call last):', 'ERROR 10:00:40.123Z'],
    ['Exception in thread "main" java.lang.Error: x', 'ERROR 10:00:40.123Z'],
    ['error: x', 'CONT 10:00:00.000Z'],
    ['[info] x', 'CONT 10:00:00.000Z'],
    ['ERROR x', 'CONT 10:00:00.000Z'],
    ['[ERROR x', 'CONT 10:00:00.000Z'],
    ['x', 'CONT 10:00:00.000Z'],
  ])('read %j on the other stream than that of the stamped lines', (line, expected) => {
    expect(shown([stamped, err(line)])[1]).toBe(expected);
    expect(shown([stamped, cri(line)])[1]).toBe(expected);
    expect(shown([stamped, docker(line)])[1]).toBe('CONT 10:00:00.000Z');
  });

  it('are records one after the other on the other stream, with one error for each trace', () => {
    const trace = ['Traceback (most recent call last):', '  File "a.py", line 1', 'ValueError: x'].map((line) =>
      err(line),
    );
    const chain = [
      ...trace,
      err(''),
      err('During handling of the above exception, another exception occurred:'),
      err(''),
    ];
    const levels = (lines: readonly string[]): string =>
      shown(lines)
        .map((line) => line.replace(/ .*/, ''))
        .join(' ');
    expect(levels([stamped, err('ERROR:root:x'), ...trace, err('ERROR:root:y'), stamped, ...chain, ...trace])).toBe(
      `INFO ERROR ${'CONT '.repeat(3)}ERROR INFO ERROR${' CONT'.repeat(8)}`,
    );
    expect(levels([...chain, ...trace, ...trace])).toBe(`ERROR${' NONE'.repeat(8)} ERROR NONE NONE`);
  });

  it('continue a line that Docker cut', () => {
    const cut = JSON.stringify({
      log: `2026-11-29 10:00:00 ERROR ${'x'.repeat(16_400)}`,
      stream: 'stdout',
      time: '2026-11-29T10:00:00Z',
    });
    expect(
      shown([cut, docker('2026-11-29 10:00:01 INFO rest of the line'), docker('2026-11-29 10:00:02 INFO x')]),
    ).toEqual(['ERROR 10:00:00.000Z', 'CONT 10:00:00.000Z', 'INFO 10:00:02.000Z']);
  });

  it('have the status of the inner line', () => {
    const line = docker('10.0.0.7 - - [29/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 502 1');
    const levels = statusLevels(new Map([['5xx', Level.ERROR]]));
    expect(readSamples([line], { statusLevels: levels })).toEqual(['ERROR 2026-11-29T10:00:00.000Z']);
    expect(readSamples([line])).toEqual(['NONE 2026-11-29T10:00:00.000Z']);
  });

  it('are JSON lines of their own when they have a level beside it', () => {
    expect(shown(['{"time":"2026-11-29T10:00:00Z","level":"info","log":"ERROR x"}'])).toEqual(['INFO 10:00:00.000Z']);
  });
});

describe('the message of a JSON line without a level', () => {
  const wrap = (message: string): string =>
    JSON.stringify({ '@timestamp': '2026-11-29T10:00:30Z', message, agent: { type: 'filebeat' } });

  it.each([
    ['2026-11-29 10:00:00.000 ERROR a.B - x', 'ERROR'],
    ['2026-11-29 10:00:00.000 [main] WARN a.B - x\n\tat y', 'WARN'],
    ['\u001b[2m2026-11-29T10:00:00Z\u001b[0m \u001b[31mERROR\u001b[0m x', 'ERROR'],
    ['{"level":"error","time":"2026-11-29T10:00:00Z"}', 'ERROR'],
    ['level=warn msg=x', 'WARN'],
    ['ERROR in the text', 'NONE'],
    ['the ERROR of 2026-11-29 10:00:00', 'NONE'],
    ['', 'NONE'],
  ])('%j gives the level %s', (message, level) => {
    expect(shown([wrap(message)])).toEqual([`${level} 10:00:30.000Z`]);
  });
});

describe('JSON and logfmt after the tag of a program', () => {
  it.each([
    ['Nov 29 10:00:00 host app[12]: {"level":"error","msg":"x"}', 'ERROR'],
    ['Nov 29 10:00:00 host app[12]: level=warn msg=x', 'WARN'],
    ['2026-11-29T10:00:00+00:00 heroku[router]: at=error code=H12 desc="a" status=503', 'ERROR'],
    ['2026-11-29T10:00:00+00:00 app[web.1]: {"level":"error","msg":"x"}', 'ERROR'],
    ['Nov 29 10:00:00 host app[12]: x: level=error msg=x', 'NONE'],
    ['Nov 29 10:00:00 host app[12]: the level=error code=5', 'NONE'],
  ])('%s gives the level %s', (line, level) => {
    expect(shown([line])).toEqual([`${level} 10:00:00.000Z`]);
  });
});

describe('JSON lines without a timestamp', () => {
  it('have the time of the record above, or of the upload', () => {
    expect(
      shown([
        '{"level":"error","msg":"x"}',
        '{"level":"info","time":"2026-11-29T10:00:00Z"}',
        '{"level":"error","msg":"x"}',
        '{"msg":"x"}',
        '\tat x',
      ]),
    ).toEqual([
      'ERROR 12:00:00.000Z',
      'INFO 10:00:00.000Z',
      'ERROR 10:00:00.000Z',
      'NONE 10:00:00.000Z',
      'CONT 10:00:00.000Z',
    ]);
  });
});
