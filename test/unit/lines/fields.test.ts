import fc from 'fast-check';
import { formatsFor } from '../../../src/lines/formats';
import { statusLevels } from '../../../src/lines/formats/access/status';
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

const iso = '2026-11-29T10:00:00.123Z';

describe('JSON lines of loggers', () => {
  it.each([
    // Field names
    ['{"level":"error","msg":"x","time":"2026-11-29T10:00:00.123Z"}', `ERROR ${iso}`],
    ['{"@timestamp":"2026-11-29T10:00:00.123Z","log.level":"ERROR","message":"x"}', `ERROR ${iso}`],
    ['{"@timestamp":"2026-11-29T10:00:00.123Z","log":{"logger":"a","level":"ERROR"},"message":"x"}', `ERROR ${iso}`],
    ['{"timestamp":"2026-11-29T10:00:00.123Z","attributes":{"level":"warn"},"body":"x"}', `WARN ${iso}`],
    ['{"time":"2026-11-29T10:00:00.123Z","severity":{"text":"WARN","number":13}}', `WARN ${iso}`],
    [
      '{"text":"x","record":{"level":{"icon":"i","name":"ERROR","no":40},"time":{"repr":"x","timestamp":1795946400.123}}}',
      `ERROR ${iso}`,
    ],
    ['{"ts":1795946400.1234567,"Level":"Warning","msg":"x"}', `WARN ${iso}`],
    [
      '{"eventTime":"2026-11-29T10:00:00Z","eventName":"GetObject","errorCode":"AccessDenied"}',
      'NONE 2026-11-29T10:00:00.000Z',
    ],
    [
      '{"kind":"Event","level":"Metadata","requestReceivedTimestamp":"2026-11-29T10:00:00.123456Z","stageTimestamp":"2026-11-29T10:00:01.123456Z"}',
      `NONE ${iso}`,
    ],
    ['{"timestamp":"2026-11-29 10:00:00.123 UTC","error_severity":"FATAL","message":"x"}', `ERROR ${iso}`],
    ['{"@level":"error","@message":"x","@timestamp":"2026-11-29T10:00:00.123456Z"}', `ERROR ${iso}`],
    ['{"instant":{"epochSecond":1795946400,"nanoOfSecond":123000000},"thread":"main","level":"WARN"}', `WARN ${iso}`],
    ['{"timeMillis":1795946400123,"level":"WARN","message":"x"}', `WARN ${iso}`],
    ['{"asctime": "2026-11-29 10:00:00,123", "levelname": "WARNING"}', 'WARN 2026-11-29T10:00:00.123'],
    ['{"event": "x", "level": "info", "timestamp": "2026-11-29T10:00:00.123000Z"}', `INFO ${iso}`],
    ['{"date":1795946400.123,"level":"warn"}', `WARN ${iso}`],
    [
      '{"startTime":1,"_meta":{"date":"2026-11-29T10:00:00.123Z","logLevelId":5,"logLevelName":"ERROR"}}',
      `ERROR ${iso}`,
    ],
    [
      '{"calendarTime":"Sun Nov 29 10:00:00 2026 UTC","hostIdentifier":"h","severity":"2","unixTime":1795946400}',
      'ERROR 2026-11-29T10:00:00.000Z',
    ],
    ['{"time":"Sun, 29 Nov 2026 10:00:00 GMT","level":"info"}', 'INFO 2026-11-29T10:00:00.000Z'],
    ['{"level":"error","timestamp":"11/29/2026, 10:00:00 AM"}', 'ERROR month-first'],
    ['{"level":"error","timestamp":"Nov 29, 2026 10:00:00 AM"}', 'ERROR 2026-11-29T10:00:00.000'],
    ['{"time_local":"29/Nov/2026:11:00:00 +0100","status":"200"}', 'NONE 2026-11-29T10:00:00.000Z'],
    ['{"host":"h","time":"[29/Nov/2026:11:00:00 +0100]","statusCode":"200"}', 'NONE 2026-11-29T10:00:00.000Z'],
    ['{"TimeCreated":"/Date(1795946400123)/","Level":2,"ProviderName":"x"}', `ERROR ${iso}`],
    [
      '{"datetime":{"date":"2026-11-29 10:00:00.123456","timezone_type":3,"timezone":"UTC"},"level":400}',
      'ERROR 2026-11-29T10:00:00.123',
    ],
    ['{"time":"2026-11-29T11:00:00.123+01:00[Europe/Berlin]","level":"INFO"}', `INFO ${iso}`],
    ['{"ts":1.795946400123E9,"level":"info"}', `INFO ${iso}`],
    [
      '{"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"1795946400123000000","severityNumber":9,"severityText":"Information"},{"timeUnixNano":"1795946400124000000","severityNumber":17,"severityText":"Error"}]}]}]}',
      `ERROR ${iso}`,
    ],
    // Numbers by their own scale
    ['{"level":30,"time":1795946400123,"v":0}', `INFO ${iso}`],
    ['{"level":3,"timestamp":1795946400.123,"version":"1.1"}', `ERROR ${iso}`],
    ['{"__REALTIME_TIMESTAMP":"1795946400123456","PRIORITY":"4","MESSAGE":"x"}', `WARN ${iso}`],
    ['{"timeUnixNano":"1795946400123000000","severityNumber":14}', `WARN ${iso}`],
    ['{"reqId":"a","level":1,"time":"2026-11-29T10:00:00.123Z","app":"core"}', `INFO ${iso}`],
    ['{"level":3,"time":"2026-11-29T10:00:00.123Z","app":"core","reqId":"a"}', `ERROR ${iso}`],
    ['{"level":2,"time":"2026-11-29T10:00:00.123Z","app":"core","reqId":"a"}', `WARN ${iso}`],
    ['{"levelno": 40, "time":"2026-11-29T10:00:00.123Z"}', `ERROR ${iso}`],
    ['{"levelno": 30, "time":"2026-11-29T10:00:00.123Z"}', `WARN ${iso}`],
    ['{"level":550,"level_name":"ALERT","time":"2026-11-29T10:00:00.123Z"}', `ERROR ${iso}`],
    ['{"level_value":40000,"time":"2026-11-29T10:00:00.123Z"}', `ERROR ${iso}`],
    ['{"timestamp":"1795946400.123","source":"x","message":"x","log_level":2,"data":{}}', `ERROR ${iso}`],
    ['{"timestamp":"2026-11-29T10:00:00.123Z","severityLevel":2}', `WARN ${iso}`],
    ['{"context":{"logLevel":40},"message":"x","time":1795946400123}', `WARN ${iso}`],
    // Loggers that need other fields to be told apart
    ['{"@t":"2026-11-29T10:00:00.123Z","@mt":"Listening on {Port}"}', `INFO ${iso}`],
    ['{"@t":"2026-11-29T10:00:00.123Z","@mt":"x","@l":"Fatal"}', `ERROR ${iso}`],
    [
      '{"t":{"$date":"2026-11-29T10:00:00.123+00:00"},"s":"E",  "c":"STORAGE", "id":22435, "ctx":"thread2","msg":"x"}',
      `ERROR ${iso}`,
    ],
    ['{"t":{"$date":"2026-11-29T10:00:00.123+00:00"},"s":"D2", "c":"REPL", "id":1, "ctx":"main"}', `DEBUG ${iso}`],
    ['{"ts":1795946400123.4567,"caller":"a.go:1","msg":"x","v":4}', `INFO ${iso}`],
    ['{"ts":1795946400123.4567,"caller":"a.go:1","msg":"x","err":"disk"}', `ERROR ${iso}`],
    ['{"type":"log","@timestamp":"2026-11-29T10:00:00.123Z","tags":["error","plugins"],"pid":1}', `ERROR ${iso}`],
    ['{ "prio" : 2, "time": "2026-11-29T10:00:00.123456Z", "label" : "Warning", "msg": "x" }', `WARN ${iso}`],
    // Colors and brackets around a level
    ['{"level":"\\u001b[31merror\\u001b[39m","time":1795946400123}', `ERROR ${iso}`],
    ['{"level":"[WARN ]","time":1795946400123}', `WARN ${iso}`],
    // Without a level, without a time, without both
    ['{"time":1795946400123,"status":"error","error":"ERROR"}', `NONE ${iso}`],
    ['{"level":"error"}', 'ERROR none'],
    ['{"nested":{"time":1795946400123,"level":"error"}}', 'NONE none'],
    ['{"time":12}', 'NONE none'],
    ['{}', 'NONE none'],
    // Blanks, escapes, values of any kind
    ['{\t"level" : "error" ,\t"time" :\t1795946400123 } ', `ERROR ${iso}`],
    ['{"msg":"\\"level\\":\\"error\\\\","time":1795946400123,"level":"info"}', `INFO ${iso}`],
    ['{"a":null,"b":[1,[2,"]"],{"level":"error"}],"c":true,"time":1795946400123,"level":"info"}', `INFO ${iso}`],
    // Cut or broken: the part before counts
    ['{"time": 1795946400123, "level": "error", "msg": "xxxxx', `ERROR ${iso}`],
    ['{"msg":"x","level":"error","time":17959464', 'ERROR none'],
    ['{"time":1795946400123,"level":"error","msg":"he said "x""}', `ERROR ${iso}`],
  ])('reads %s as %s', (line, expected) => {
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
  it.each([
    ['ts=2026-11-29T10:00:00.123Z level=warn msg="a \\"level=error\\" b" x=', `WARN ${iso}`],
    ['level="error" time="2026-11-29T11:00:00.123+01:00"', `ERROR ${iso}`],
    ['t=2026-11-29T11:00:00.123+0100 lvl=eror msg="x"', `ERROR ${iso}`],
    ['level=error ts=1795946400.123 caller=main.go:1 msg=x', `ERROR ${iso}`],
    ['logger=context userId=1 t=2026-11-29T10:00:00.123Z level=info msg="Request Completed" status=302', `INFO ${iso}`],
    ['time=2026-11-29T10:00:00.123Z level=ERROR msg="x"', `ERROR ${iso}`],
    ['at=error code=H10 desc="App crashed" method=GET path="/"', 'ERROR none'],
    ['level=info msg=started port=1', 'INFO none'],
    ['level=info msg=started server', 'INFO none'],
    ['time="2026-11-29T10:00:00.123Z" level=info msg="cut he', `INFO ${iso}`],
    ['ts=1795946400.123 something level=error', `NONE ${iso}`],
  ])('reads %s as %s', (line, expected) => {
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
