import { Level, levelNames } from '../../../src/lines/line-batch';
import type { ParsedLine } from '../../../src/lines/formats/format';
import { formatNamed, formatsFor } from '../../../src/lines/formats';
import { TimestampKind } from '../../../src/lines/timestamps';

/** Format, level and timestamp of a line. Surrounded by other bytes, so that a read outside the line fails the test. */
function parse(line: string): string | null {
  const text = Buffer.from(line);
  const bytes = Buffer.concat([
    Buffer.from('2021-10-17 12:00:00 INFO '),
    text,
    Buffer.from(' INFO ERROR 12:00:00"}]>'),
  ]);
  const start = 25;
  const out: ParsedLine = { level: Level.RAW, kind: TimestampKind.WALL, time: 0, status: 0 };
  const format = formatsFor(text[0]).find((one) => one.parse(bytes, start, start + text.length, out));
  if (format === undefined) return null;
  const iso = new Date(out.time).toISOString();
  const stamp = { 0: iso.slice(0, -1), 1: iso, 2: iso.slice(11, -1), 3: iso.slice(5, -1), 4: 'none', 5: '?' }[out.kind];
  return `${format.name} ${levelNames[out.level]} ${stamp}`;
}

describe('formats', () => {
  it.each([
    // logback, log4j
    ['22:43:13.379 [run-main-0] INFO  GenerateLogData$ - started', 'time INFO 22:43:13.379'],
    ['22:43:13,379 [main] WARN a.B - x', 'time WARN 22:43:13.379'],
    ['22:43:13 [main] ERROR', 'time ERROR 22:43:13.000'],
    ['22:43:13.379123 [main] DEBUG a.B', 'time DEBUG 22:43:13.379'],
    ['22:43:13.379 [pool[1]-[a b]] DEBUG a.B - x', 'time DEBUG 22:43:13.379'],
    ['22:43:13.379 [main] CUSTOM a.B - x', 'time NONE 22:43:13.379'],
    ['23:59:60.500 [main] TRACE a.B - x', 'time DEBUG 23:59:59.500'],
    ['22:43:13.379 ERROR a.B - x', 'time ERROR 22:43:13.379'],
    ['22:43:13.379 [main] information x', 'time INFO 22:43:13.379'],
    ['2021-10-17 22:43:13.379 [main] ERROR a.B - x', 'date-time ERROR 2021-10-17T22:43:13.379'],
    ['2021-10-17 22:43:13,379 WARN  [main] a.B: x', 'date-time WARN 2021-10-17T22:43:13.379'],
    ['2021-10-17T22:43:13.379+02:00  INFO 1234 --- [main] a.B : x', 'date-time INFO 2021-10-17T20:43:13.379Z'],
    ['2021-10-17T22:43:13Z FATAL x', 'date-time ERROR 2021-10-17T22:43:13.000Z'],
    ['2021-10-17 22:43:13 [ERROR] INFO about x', 'date-time ERROR 2021-10-17T22:43:13.000'],
    ['2021-10-17 22:43:13 SEVERE: x', 'date-time ERROR 2021-10-17T22:43:13.000'],
    ['2024-02-29 00:00:00 info x', 'head INFO 2024-02-29T00:00:00.000'],
    // Spark, HDFS, Apache, OpenStack
    ['17/06/09 20:10:40 INFO spark.SecurityManager: x', 'short-date INFO ?'],
    ['081109 203615 148 WARN dfs.DataNode: x', 'compact-date WARN 2008-11-09T20:36:15.000'],
    ['[Sun Dec 04 04:47:44 2005] [notice] x', 'apache-error INFO 2005-12-04T04:47:44.000'],
    ['[Sun Dec  4 04:47:44 2005] [error] x', 'apache-error ERROR 2005-12-04T04:47:44.000'],
    ['[Wed Oct 11 14:32:52.123456 2000] [core:trace3] [pid 1] x', 'apache-error DEBUG 2000-10-11T14:32:52.123'],
    ['[Wed Oct 11 14:32:52 2000] [client 10.0.0.1] error', 'apache-error NONE 2000-10-11T14:32:52.000'],
    [
      'nova.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 WARNING nova x',
      'openstack WARN 2017-05-16T00:00:00.008',
    ],
    ['2017-05-16 00:00:00.008 25746 CRITICAL nova x', 'openstack ERROR 2017-05-16T00:00:00.008'],
    // syslog
    ['<34>Oct 11 22:14:15 host su: failed', 'syslog-3164 ERROR 10-11T22:14:15.000'],
    ['<30>Feb 29 22:14:15 host su: failed', 'syslog-3164 INFO 02-29T22:14:15.000'],
    ['Oct  1 22:14:15 host su: error', 'syslog-3164 NONE 10-01T22:14:15.000'],
    ['<165>1 2003-10-11T22:14:15.003Z host app 1 ID47 - x', 'syslog-5424 INFO 2003-10-11T22:14:15.003Z'],
    ['<191>1 2003-10-11T22:14:15-07:00 host app - - - x', 'syslog-5424 DEBUG 2003-10-12T05:14:15.000Z'],
    // fields
    ['{"level":"error","time":"2021-10-17T22:43:13.379Z","msg":"x"}', 'json ERROR 2021-10-17T22:43:13.379Z'],
    ['{ "@timestamp" : "2021-10-17 22:43:13" , "severity" : "Warning" } ', 'json WARN 2021-10-17T22:43:13.000'],
    ['{"level":50,"time":1634510593379,"err":{"level":"info","a":["}",{}]}}', 'json ERROR 2021-10-17T22:43:13.379Z'],
    ['{"ts":1634510593.379,"msg":"\\"level\\":\\"error\\""}', 'json NONE 2021-10-17T22:43:13.379Z'],
    ['{"timestamp":"1634510593379000","level":3}', 'json ERROR 2021-10-17T22:43:13.379Z'],
    [
      '{"timestamp":"soon","ts":1634510593379000000,"level":"?","severity":"debug"}',
      'json DEBUG 2021-10-17T22:43:13.379Z',
    ],
    ['ts=2021-10-17T22:43:13.379Z level=warn msg="a \\"level=error\\" b" x=', 'logfmt WARN 2021-10-17T22:43:13.379Z'],
    ['level="error" time="2021-10-17T22:43:13+02:00"', 'logfmt ERROR 2021-10-17T20:43:13.000Z'],
    // no such day
    ['2021-13-17 22:43:13 INFO x', 'head INFO none'],
    ['2021-02-29 22:43:13 INFO x', 'head INFO none'],
    ['2021-10-32 22:43:13 INFO x', 'head INFO none'],
    ['0000-10-17 22:43:13 INFO x', 'head INFO none'],
  ])('read %j as %j', (line, expected) => {
    expect(parse(line)).toBe(expected);
  });

  it.each([
    [''],
    ['\tat com.acme.Foo.bar(Foo.java:17)'],
    ['java.lang.RuntimeException: ERROR'],
    ['Caused by: x=1'],
    ['24:00:00.000 [main] INFO x'],
    ['22:60:00.000 [main] INFO x'],
    ['22:43:13.379 [main INFO x'],
    ['22:43:13.379 something ERROR'],
    ['22:43:13.379 ERRORS x'],
    ['22:43:13.379'],
    ['2021-10-17'],
    ['17/13/09 20:10:40 INFO x'],
    ['081309 203615 148 INFO x'],
    ['[Sun Dek 04 04:47:44 2005] [error]'],
    ['[ERROR] x'],
    ['<34>1 - host app - - - x'],
    ['Oct 32 22:14:15 host x'],
    ['level=error'],
  ])('do not match %j', (line) => {
    expect(parse(line)).toBeNull();
  });

  it('do not confuse an invalid date with the date read before', () => {
    expect(parse('2021-02-01 22:43:13 INFO x')).toBe('date-time INFO 2021-02-01T22:43:13.000');
    expect(parse('2021-01-33 22:43:13 INFO x')).toBe('head INFO none');
  });

  it('keep the names that checkpoints contain', () => {
    expect(formatNamed('apache-error')?.name).toBe('apache-error');
    expect(formatNamed('no such')).toBeNull();
    expect(formatNamed(null)).toBeNull();
  });
});
